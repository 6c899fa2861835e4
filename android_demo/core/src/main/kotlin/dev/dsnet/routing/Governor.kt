package dev.dsnet.routing

import kotlin.math.min

private const val LEAST = 0.05 // a share below this is none

/**
 * How a budget gives way to heat, as in dsnet_edge/runtime/thermal.py: lowered once the phone says that it is held back, raised
 * again step by step when it no longer is. Android tells apps no temperature of the processor, so its thermal status is all that
 * counts.
 */
data class Governor(
    val waitS: Double = 10.0, // between two changes
    val cut: Double = 0.6, // what is left of the share after one step down
    val step: Double = 0.1, // of the share, up
)

/** What the governor remembers. */
data class Heat(
    val share: Double = 1.0, // of the budget above the slimmest path
    val changedS: Double = Double.NEGATIVE_INFINITY, // on the clock of `nowS`
)

/**
 * After one reading of PowerManager's thermal status, 0 (none) to 6 (shutdown), at `nowS` seconds of a clock that never goes
 * back. Changes come a step at a time, so call it every second or so, and not only when the status changes.
 */
fun govern(governor: Governor, heat: Heat, nowS: Double, thermalStatus: Int): Heat {
    val since = nowS - heat.changedS
    return when {
        since >= 0 && since < governor.waitS -> heat
        thermalStatus > 0 -> {
            val share = heat.share * governor.cut
            Heat(if (share >= LEAST) share else 0.0, nowS)
        }
        heat.share < 1 -> Heat(min(1.0, heat.share + governor.step), nowS)
        else -> heat
    }
}
