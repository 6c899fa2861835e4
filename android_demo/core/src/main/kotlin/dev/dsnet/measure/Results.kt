package dev.dsnet.measure

import dev.dsnet.engine.Backend
import dev.dsnet.profile.Profile
import dev.dsnet.profile.Series
import dev.dsnet.profile.Summary
import dev.dsnet.profile.Verdict
import java.util.Locale

/** A series in words: what the benchmark's screen shows. */
data class SeriesResult(val title: String, val verdict: String, val rows: List<ResultRow>)

/** A path. `spoken` is the row as a sentence. */
data class ResultRow(val path: String, val madds: String, val median: String, val interval: String, val spoken: String)

fun resultOf(profile: Profile): List<SeriesResult> = profile.series.map { series ->
    val engine = Backend.values().find { it.backend == series.backend }?.title ?: series.backend
    val threads = if (series.threads == 1) "1 thread" else "${series.threads} threads"
    val rows = series.paths.map { row(it.path, profile.bundle.madds[it.path], it.totalMs) }
    SeriesResult("$engine, $threads", verdict(series, profile), rows)
}

/** A series may get better until the profile is complete. */
private fun verdict(series: Series, profile: Profile): String {
    val kept = series.blocks.count { it.kept }
    val isOpen = !profile.complete && series.verdict != Verdict.STEADY
    if (isOpen) return "Measuring: $kept of ${profile.settings.blocks} processes so far"
    val why = series.warnings.lastOrNull().orEmpty()
    return when (series.verdict) {
        Verdict.STEADY -> "Every path is known to within ${format("%.1f", 100 * profile.settings.noise)} %, from $kept processes"
        Verdict.NOISY -> "Noisy, so not a result: $why"
        Verdict.THROTTLED -> "Held back by the phone, so not a result: let it cool and measure again ($why)"
        Verdict.INCOMPLETE -> "Incomplete, so not a result: $why"
    }
}

private fun row(path: Int, madds: Long, ms: Summary): ResultRow {
    val millions = format("%.1f", madds / 1e6)
    val median = format("%.3f", ms.median)
    val share = format("%.1f", 100 * ms.halfWidth)
    val spoken = "Path $path: $median milliseconds, give or take $share per cent, $millions million multiply-adds"
    return ResultRow("$path", millions, median, "± $share %", spoken)
}

private fun format(form: String, number: Double): String = String.format(Locale.ROOT, form, number)
