package dev.dsnet.hud

import dev.dsnet.bundle.Manifest
import dev.dsnet.run.Prediction
import dev.dsnet.run.Ranked
import dev.dsnet.run.Timing

/** Everything that the HUD tells, before it is put into words or drawn. Made by [hudModel]. */
data class HudModel(
    val engine: String,
    val message: String?, // a sentence that stands instead of the answer
    val paused: Boolean,
    val answer: Answer?, // null until a frame has been through the network
    val energy: Energy,
    val budget: Budget?, // null: the gate as it was trained
    val heat: Double, // what heat leaves of the budget, 0 to 1
    val statistics: Statistics,
)

/** What the latest frame was taken for, and what that took. */
data class Answer(
    val best: Ranked,
    val runnersUp: List<Ranked>,
    val path: PathView,
    val timing: Timing,
    val spent: Double?, // an image on average, in the unit of the budget
)

/** Path `index` of `count`. `width`: channels of the blocks that paths differ in, relative to the widest path, 0 to 1. */
data class PathView(val index: Int, val count: Int, val width: Double, val madds: Long, val pinned: Boolean)

sealed interface Energy {
    /** `source`: what was measured, such as `whole phone`. */
    data class Known(val mj: Double, val source: String) : Energy

    /** `reason`: why there is no number, such as `charging`. */
    data class Unknown(val reason: String) : Energy
}

/** What an image may cost on average. `unit`: ms, mJ or MAdds. */
data class Budget(val amount: Double, val unit: String)

/** Of the latest frames. `histogram`: how many took each path; `recentMs`: what each took, the latest last. */
data class Statistics(
    val framesPerSecond: Double? = null,
    val histogram: List<Int> = emptyList(),
    val recentMs: List<Double> = emptyList(),
)

/** What the HUD tells apart from the frames: the state of app and phone. `manifest`: of the bundle in use, if there is one. */
data class Situation(
    val engine: String,
    val manifest: Manifest?,
    val message: String? = null,
    val paused: Boolean = false,
    val energy: Energy = Energy.Unknown("not measured yet"),
    val budget: Budget? = null,
    val heat: Double = 1.0,
)

/** `prediction`: the latest, of the bundle of the situation; one of another bundle (no such path) is left out. */
fun hudModel(situation: Situation, prediction: Prediction?, statistics: Statistics): HudModel = HudModel(
    engine = clean(situation.engine),
    message = situation.message?.let(::clean)?.ifEmpty { null },
    paused = situation.paused,
    answer = situation.manifest?.let { manifest -> prediction?.let { answer(manifest, it) } },
    energy = situation.energy,
    budget = situation.budget,
    heat = if (situation.heat.isNaN()) 1.0 else situation.heat.coerceIn(0.0, 1.0),
    statistics = if (situation.paused) statistics.copy(framesPerSecond = null) else statistics,
)

private fun answer(manifest: Manifest, prediction: Prediction): Answer? {
    val best = prediction.top.firstOrNull()
    if (best == null || prediction.path !in manifest.paths.indices) return null
    return Answer(
        best = named(best),
        runnersUp = prediction.top.drop(1).map(::named),
        path = PathView(
            index = prediction.path,
            count = manifest.paths.size,
            width = width(manifest, prediction.path),
            madds = prediction.madds,
            pinned = !prediction.routed,
        ),
        timing = prediction.timing,
        spent = prediction.spent,
    )
}

private fun named(ranked: Ranked): Ranked = ranked.copy(label = clean(ranked.label).ifEmpty { "(no name)" })

private fun width(manifest: Manifest, path: Int): Double {
    val slimmest = manifest.paths.first().channels
    val widest = manifest.paths.last().channels
    val differing = widest.indices.filter { slimmest[it] != widest[it] }
    val all = differing.sumOf { widest[it] }
    return if (all == 0) 1.0 else differing.sumOf { manifest.paths[path].channels[it] }.toDouble() / all
}

/** One line without characters that move or hide others: a label is whatever a file says. */
private fun clean(text: String): String =
    text.map { if (it.isISOControl() || it in '\u2028'..'\u202E' || it in '\u2066'..'\u2069') ' ' else it }
        .joinToString("").trim()
