package dev.dsnet.run

/** Milliseconds of each stage of one inference. */
data class Timing(val preprocessMs: Double, val prefixMs: Double, val gateMs: Double, val suffixMs: Double) {
    val networkMs: Double get() = prefixMs + gateMs + suffixMs
}

data class Ranked(val label: String, val probability: Double)

/** What one picture was taken for, and what that took. */
data class Prediction(
    val top: List<Ranked>, // the most probable labels, best first; at least one
    val path: Int,
    val routed: Boolean, // by the gate, not by the caller
    val madds: Long,
    val timing: Timing,
    val scores: List<Float>, // of the gate, one a path
    val bias: Double, // that led the gate
    val spent: Double?, // an image on average up to here, in the unit of the budget; null without one
)
