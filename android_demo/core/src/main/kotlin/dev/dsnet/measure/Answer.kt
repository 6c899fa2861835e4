package dev.dsnet.measure

import dev.dsnet.DsnetException
import dev.dsnet.profile.PathSamples
import dev.dsnet.profile.objectOf
import dev.dsnet.profile.pathSamples
import org.json.JSONArray

/** What the process of a job says in the end. */
sealed interface Answer

/** How far an engine is from the golden outputs of a bundle, by the measures of `dsnet-edge run --self-test`. */
data class GoldenCheck(
    val runtime: String,
    val images: Int,
    val tolerance: Double, // of the relative errors
    val pathErrors: List<Double>, // of the logits, one a path: largest absolute error over largest absolute value
    val gateError: Double, // of the scores, likewise
    val wrongChoices: Int, // images whose path is none that the tolerance allows
) : Answer {
    val passed: Boolean get() = wrongChoices == 0 && worst <= tolerance
    val worst: Double get() = maxOf(gateError, pathErrors.maxOrNull() ?: 0.0)
}

/** What a block measured. Begin and end are of the timed rounds, on the clock of the conditions. */
data class RawBlock(
    val runtime: String,
    val beginUptimeS: Double,
    val endUptimeS: Double,
    val openMs: Double,
    val firstRunMs: Double,
    val anonymousBytes: Long,
    val fileBytes: Long,
    val prefixMs: List<Double>,
    val gateMs: List<Double>,
    val paths: List<PathSamples>,
) : Answer {
    val seconds: Double get() = endUptimeS - beginUptimeS
}

/** Something a user can mend: an engine that is not there, a file that it refuses. */
data class Refused(val reason: String) : Answer

fun answerText(answer: Answer): String = when (answer) {
    is GoldenCheck -> objectOf(
        "runtime" to answer.runtime,
        "images" to answer.images,
        "tolerance" to answer.tolerance,
        "path_errors" to JSONArray(answer.pathErrors),
        "gate_error" to answer.gateError,
        "wrong_choices" to answer.wrongChoices,
    )
    is RawBlock -> objectOf(
        "runtime" to answer.runtime,
        "begin_uptime_s" to answer.beginUptimeS,
        "end_uptime_s" to answer.endUptimeS,
        "open_ms" to answer.openMs,
        "first_run_ms" to answer.firstRunMs,
        "anonymous_bytes" to answer.anonymousBytes,
        "file_bytes" to answer.fileBytes,
        "prefix_ms" to JSONArray(answer.prefixMs),
        "gate_ms" to JSONArray(answer.gateMs),
        "paths" to JSONArray(answer.paths.map(::pathSamples)),
    )
    is Refused -> objectOf("error" to answer.reason)
}.toString()
