package dev.dsnet.measure

import dev.dsnet.DsnetException
import dev.dsnet.json.Field
import dev.dsnet.json.FieldException
import dev.dsnet.json.JsonException
import dev.dsnet.json.parseJson
import dev.dsnet.profile.PathSamples

private const val LONGEST_MS = 1e7 // an inference of three hours
private const val MOST_SAMPLES = 1_000_000
private const val MOST_PATHS = 4096
private const val SLACK = 1.05 // of sums of rounded times
private val TEXT = Regex("[^\\p{Cntrl}]*")

/** Of [answerText], to `job`. A process may break in any way, so all of it is checked. Throws [DsnetException]. */
fun readAnswer(text: String, job: Job): Answer = try {
    val whole = Field(Field.WHOLE, parseJson(text))
    when {
        whole.has("error") -> Refused(text(whole.members(listOf("error")).getValue("error")))
        job is BlockJob -> readBlock(whole, job.paths)
        else -> readGolden(whole)
    }
} catch (error: JsonException) {
    throw DsnetException("left an answer that is no JSON (${error.message})", error)
} catch (error: FieldException) {
    throw DsnetException("left an answer that is none: ${error.message}", error)
}

private fun readGolden(whole: Field): GoldenCheck {
    val fields = whole.members(listOf("runtime", "images", "tolerance", "path_errors", "gate_error", "wrong_choices"))
    return GoldenCheck(
        runtime = text(fields.getValue("runtime")),
        images = fields.getValue("images").integer(1, Int.MAX_VALUE.toLong()).toInt(),
        tolerance = fields.getValue("tolerance").number(0.0, 1.0),
        pathErrors = fields.getValue("path_errors").list(1..MOST_PATHS).map(::error),
        gateError = error(fields.getValue("gate_error")),
        wrongChoices = fields.getValue("wrong_choices").integer(0, Int.MAX_VALUE.toLong()).toInt(),
    )
}

private fun error(field: Field): Double = field.number(0.0, Double.MAX_VALUE)

private fun readBlock(whole: Field, paths: List<Int>): RawBlock {
    val numbers = listOf("begin_uptime_s", "end_uptime_s", "open_ms", "first_run_ms", "anonymous_bytes", "file_bytes")
    val fields = whole.members(numbers + listOf("runtime", "prefix_ms", "gate_ms", "paths"))
    fun number(name: String, most: Double) = fields.getValue(name).number(0.0, most)
    val block = RawBlock(
        runtime = text(fields.getValue("runtime")),
        beginUptimeS = number("begin_uptime_s", 1e10),
        endUptimeS = number("end_uptime_s", 1e10),
        openMs = number("open_ms", LONGEST_MS),
        firstRunMs = number("first_run_ms", LONGEST_MS),
        anonymousBytes = number("anonymous_bytes", 1e15).toLong(),
        fileBytes = number("file_bytes", 1e15).toLong(),
        prefixMs = times(fields.getValue("prefix_ms")),
        gateMs = times(fields.getValue("gate_ms")),
        paths = fields.getValue("paths").list(1..MOST_PATHS).map(::pathSamples),
    )
    check(block, paths)
    return block
}

private fun pathSamples(field: Field): PathSamples {
    val fields = field.members(listOf("path", "suffix_ms", "total_ms"))
    val path = fields.getValue("path").integer(0, MOST_PATHS.toLong()).toInt()
    return PathSamples(path, times(fields.getValue("suffix_ms")), times(fields.getValue("total_ms")))
}

private fun times(field: Field): List<Double> = field.list(1..MOST_SAMPLES).map { it.number(0.0, LONGEST_MS) }

private fun text(field: Field): String = field.text(TEXT, "a text of one line").take(200)

/** What no field says alone. */
private fun check(block: RawBlock, paths: List<Int>) {
    val found = block.paths.map { it.path }
    if (found != paths) throw FieldException("paths $found, expected $paths")
    val runs = block.paths[0].totalMs.size
    val whole = block.paths.all { it.suffixMs.size == runs && it.totalMs.size == runs }
    if (!whole || listOf(block.prefixMs, block.gateMs).any { it.size != runs * paths.size }) {
        throw FieldException("$runs runs, but some samples are missing")
    }
    val totalS = block.paths.sumOf { it.totalMs.sum() } / 1e3
    if (totalS > SLACK * block.seconds + 0.05) throw FieldException("more time in inferences than passed, so its clock jumped")
}
