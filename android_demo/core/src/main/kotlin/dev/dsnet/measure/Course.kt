package dev.dsnet.measure

import dev.dsnet.engine.Backend
import dev.dsnet.profile.Block
import dev.dsnet.profile.Conditions
import dev.dsnet.profile.DeviceInfo
import dev.dsnet.profile.Series
import dev.dsnet.profile.Settings
import dev.dsnet.profile.Verdict
import java.util.Locale

const val EXTRA = 2 // times as many processes as wanted blocks are tried in all
const val MOST_DEATHS = 2 // one after another, and a lane is given up

/** A series to measure. */
data class Lane(val backend: Backend, val threads: Int) {
    override fun toString(): String = "${backend.backend} x$threads"
}

/** How the process of a job came to its end. */
sealed interface Outcome {
    data class Answered(val answer: Answer) : Outcome

    /** Without an answer. `how`: such as "was ended by a native crash". */
    data class Died(val how: String) : Outcome
}

/** How far a lane has come. */
data class Course(
    val lane: Lane,
    val golden: GoldenCheck? = null, // null: not compared yet
    val blocks: List<Block> = emptyList(),
    val series: Series? = null,
    val tried: Int = 0, // processes of blocks
    val deaths: Int = 0, // one after another
    val troubles: List<String> = emptyList(),
    val givenUp: Boolean = false,
) {
    /** What went wrong, with the name of the lane. */
    val told: List<String> get() = troubles.map { "$lane: $it" }

    fun needsMore(settings: Settings): Boolean =
        !givenUp && (golden == null || (tried < EXTRA * settings.blocks && series?.verdict != Verdict.STEADY))

    /** Of the blocks wanted. */
    fun fraction(settings: Settings): Double =
        if (needsMore(settings)) (blocks.count { it.kept }.toDouble() / settings.blocks).coerceAtMost(1.0) else 1.0
}

/** After the process of a check or block ended. `conditions`: before, during and after it. */
internal fun Course.after(outcome: Outcome, conditions: List<Conditions>, device: DeviceInfo, settings: Settings): Course {
    val counted = if (golden == null) this else copy(tried = tried + 1)
    return when (outcome) {
        is Outcome.Died -> counted.died(outcome.how)
        is Outcome.Answered -> when (val answer = outcome.answer) {
            is Refused -> counted.copy(troubles = troubles + answer.reason, givenUp = true)
            is GoldenCheck -> counted.checked(answer)
            is RawBlock -> {
                val known = blocks + makeBlock(blocks.size, answer, conditions, throttled(conditions, device))
                counted.copy(blocks = known, series = makeSeries(lane, answer, known, troubles, settings), deaths = 0)
            }
        }
    }
}

private fun Course.died(how: String): Course {
    val what = if (golden == null) "the check of golden outputs" else "a block"
    val told = troubles + "$what came to nothing: its process $how"
    return copy(
        troubles = told,
        series = series?.let { it.copy(warnings = told.takeLast(1) + it.warnings) },
        deaths = deaths + 1,
        givenUp = deaths + 1 >= MOST_DEATHS,
    )
}

private fun Course.checked(found: GoldenCheck): Course {
    if (found.passed) return copy(golden = found, deaths = 0)
    val told = String.format(
        Locale.ROOT,
        "misses the bundle's golden outputs, so its times mean nothing: off by %.1e, %.0e is allowed; " +
            "the gate errs on %d of %d images",
        found.worst,
        found.tolerance,
        found.wrongChoices,
        found.images,
    )
    return copy(golden = found, troubles = troubles + told, givenUp = true)
}
