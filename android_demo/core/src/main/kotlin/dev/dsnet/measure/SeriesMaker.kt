package dev.dsnet.measure

import dev.dsnet.profile.Block
import dev.dsnet.profile.Conditions
import dev.dsnet.profile.PathTime
import dev.dsnet.profile.Series
import dev.dsnet.profile.Settings
import dev.dsnet.profile.Verdict
import java.util.Locale
import kotlin.math.roundToLong

/** `reason`: why it is not kept, or empty. */
fun makeBlock(number: Int, raw: RawBlock, conditions: List<Conditions>, reason: String): Block = Block(
    number = number,
    reason = reason,
    seconds = (raw.seconds * 1000).roundToLong() / 1000.0,
    openMs = raw.openMs,
    firstRunMs = raw.firstRunMs,
    prefixMs = raw.prefixMs,
    gateMs = raw.gateMs,
    paths = raw.paths,
    conditions = conditions,
)

/** Of at least one block; where none was kept, of all, and the verdict says that. `troubles`: of blocks that came to nothing. */
fun makeSeries(lane: Lane, last: RawBlock, blocks: List<Block>, troubles: List<String>, settings: Settings): Series {
    val used = blocks.filter { it.kept }.ifEmpty { blocks }
    val paths = last.paths.mapIndexed { index, samples ->
        PathTime(
            path = samples.path,
            suffixMs = summarize(used.map { it.paths[index].suffixMs }),
            totalMs = summarize(used.map { it.paths[index].totalMs }),
        )
    }
    val (verdict, warnings) = judge(paths, blocks, settings)
    return Series(
        backend = lane.backend.backend,
        threads = lane.threads,
        runtime = last.runtime,
        verdict = verdict,
        warnings = troubles + warnings,
        anonymousBytes = last.anonymousBytes,
        fileBytes = last.fileBytes,
        openMs = summarize(used.map { listOf(it.openMs) }),
        firstRunMs = summarize(used.map { listOf(it.firstRunMs) }),
        prefixMs = summarize(used.map { it.prefixMs }),
        gateMs = summarize(used.map { it.gateMs }),
        paths = paths,
        blocks = blocks,
    )
}

/** Steady is what was not held back and is known to within `settings.noise`, on every path. */
private fun judge(paths: List<PathTime>, blocks: List<Block>, settings: Settings): Pair<Verdict, List<String>> {
    val dropped = blocks.filterNot { it.kept }
    val warnings = dropped.map { "block ${it.number} is left out: ${it.reason}" }
    val kept = blocks.size - dropped.size
    if (kept < settings.blocks) {
        val verdict = if (dropped.size >= settings.blocks) Verdict.THROTTLED else Verdict.INCOMPLETE
        return verdict to warnings + "$kept of ${settings.blocks} blocks are usable"
    }
    val worst = paths.maxByOrNull { it.totalMs.halfWidth } ?: return Verdict.INCOMPLETE to warnings
    if (worst.totalMs.halfWidth <= settings.noise) return Verdict.STEADY to warnings
    val told = String.format(
        Locale.ROOT,
        "path %d is known to %.1f%% only, %.1f%% is wanted: not a result",
        worst.path,
        100 * worst.totalMs.halfWidth,
        100 * settings.noise,
    )
    return Verdict.NOISY to warnings + told
}
