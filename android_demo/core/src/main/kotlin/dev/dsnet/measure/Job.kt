package dev.dsnet.measure

import dev.dsnet.DsnetException
import dev.dsnet.engine.Backend
import dev.dsnet.json.Field
import dev.dsnet.json.FieldException
import dev.dsnet.json.JsonException
import dev.dsnet.json.parseJson
import dev.dsnet.profile.objectOf
import java.io.File
import org.json.JSONArray

const val MOST_THREADS = 16
const val LONGEST_BLOCK_S = 600.0

/** What a fresh process is started for. */
sealed interface Job {
    val bundle: File // a folder
    val backend: Backend
    val threads: Int
}

/**
 * To compare every path with the bundle's golden outputs. In a process of its own, so that nothing is loaded yet when the opening
 * is timed.
 */
data class CheckJob(override val bundle: File, override val backend: Backend, override val threads: Int) : Job

/** To time rounds of `paths`, for `seconds`, of `rounds` at most. */
data class BlockJob(
    override val bundle: File,
    override val backend: Backend,
    override val threads: Int,
    val paths: List<Int>,
    val seconds: Double,
    val rounds: Int,
    val seed: Int,
) : Job

/** How a job gets to its process. */
fun jobText(job: Job): String {
    val common = arrayOf("bundle" to job.bundle.path, "backend" to job.backend.backend, "threads" to job.threads)
    return when (job) {
        is CheckJob -> objectOf("kind" to CHECK, *common)
        is BlockJob -> objectOf(
            "kind" to BLOCK,
            *common,
            "paths" to JSONArray(job.paths),
            "seconds" to job.seconds,
            "rounds" to job.rounds,
            "seed" to job.seed,
        )
    }.toString()
}

/** Of [jobText]. Throws [DsnetException] for anything else. */
fun readJob(text: String): Job = try {
    val whole = Field(Field.WHOLE, parseJson(text))
    val common = listOf("kind", "bundle", "backend", "threads")
    val isBlock = whole.has("paths")
    val fields = whole.members(if (isBlock) common + listOf("paths", "seconds", "rounds", "seed") else common)
    fields.getValue("kind").oneOf(listOf(if (isBlock) BLOCK else CHECK))
    val bundle = File(fields.getValue("bundle").text(Regex("/[^\\p{Cntrl}]*"), "an absolute path"))
    val word = fields.getValue("backend").oneOf(Backend.values().map { it.backend })
    val backend = Backend.values().first { it.backend == word }
    val threads = fields.getValue("threads").integer(1, MOST_THREADS.toLong()).toInt()
    if (!isBlock) {
        CheckJob(bundle, backend, threads)
    } else {
        BlockJob(
            bundle = bundle,
            backend = backend,
            threads = threads,
            paths = fields.getValue("paths").list(1..4096).map { it.integer(0, 4095).toInt() },
            seconds = fields.getValue("seconds").number(0.0, LONGEST_BLOCK_S),
            rounds = fields.getValue("rounds").integer(1, 1_000_000).toInt(),
            seed = fields.getValue("seed").integer(0, Int.MAX_VALUE.toLong()).toInt(),
        )
    }
} catch (error: JsonException) {
    throw DsnetException("a job that is no JSON (${error.message}); measure again", error)
} catch (error: FieldException) {
    throw DsnetException("a job that is none: ${error.message}; measure again", error)
}

private const val CHECK = "check"
private const val BLOCK = "block"
