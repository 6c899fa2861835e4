package dev.dsnet.energy

import dev.dsnet.profile.Verdict
import kotlin.math.abs
import kotlin.math.hypot
import kotlin.math.sqrt

const val FEWEST_UPDATES: Int = 20 // of the meter within a loop
private const val NOISE = 0.1 // half the interval, relative to the energy

/**
 * Inferences one after another, without a pause, at two moments of the device's clock. `throttled`: why it was held back, if it
 * was.
 */
data class Loop(val runs: Int, val beginS: Double, val endS: Double, val throttled: String = "")

data class Rest(val beginS: Double, val endS: Double)

/** Of one inference above rest, in millijoules, with its 95 % interval. 0 where `verdict` is incomplete; `reason` says why. */
data class PathEnergy(
    val energyMj: Double,
    val lowMj: Double,
    val highMj: Double,
    val runW: Double,
    val idleBeforeW: Double,
    val idleAfterW: Double,
    val verdict: Verdict,
    val reason: String,
)

/**
 * The energy of one inference: what a loop of them used beyond rest, divided by how many there were.
 *
 *     E = (P_run - P_idle) t / n,     P_idle = (P_before + P_after) / 2
 *
 * The twin of dsnet_edge/energy/arithmetic.py. Never throws: what cannot be told is in the verdict.
 */
fun pathEnergy(account: Account, loop: Loop, before: Rest, after: Rest): PathEnergy {
    val seconds = loop.endS - loop.beginS
    if (loop.runs < 1 || !(seconds > 0)) return incomplete("the loop of ${loop.runs} runs took no time of the device's clock")
    val run = power(account, loop.beginS, loop.endS)
    val first = power(account, before.beginS, before.endS)
    val second = power(account, after.beginS, after.endS)
    if (run == null || first == null || second == null) {
        val during = if (run == null) "under load" else "at rest"
        val often = "one in ${short(account.intervalS)} s"
        return incomplete("the meter said too little $during: it needs $FEWEST_UPDATES updates, $often")
    }
    val parts = parts(account, seconds, run, first, second)
    val netW = run.watts - (first.watts + second.watts) / 2
    val halfW = sqrt(parts.values.sumOf { it * it })
    val (verdict, reason) = verdict(account, loop, run, netW, halfW, parts)
    val mj = 1000 * seconds / loop.runs // of one inference, by a watt
    return PathEnergy(
        energyMj = netW * mj,
        lowMj = (netW - halfW) * mj,
        highMj = (netW + halfW) * mj,
        runW = run.watts,
        idleBeforeW = first.watts,
        idleAfterW = second.watts,
        verdict = verdict,
        reason = reason,
    )
}

private fun incomplete(reason: String) = PathEnergy(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, Verdict.INCOMPLETE, reason)

/** Half-widths in watts, by what they come from. */
private fun parts(account: Account, seconds: Double, run: Power, before: Power, after: Power): Map<String, Double> {
    val driftW = abs(after.watts - before.watts)
    return mapOf(
        "its power under load varied" to run.halfW,
        "its power at rest varied" to hypot(before.halfW, after.halfW) / 2,
        "its power at rest moved by ${short(driftW)} W meanwhile" to driftW / 2,
        "the meter tells no less than ${short(account.resolutionMj)} mJ" to account.stepW / 2 + account.stepJ / seconds,
    )
}

private fun verdict(
    account: Account,
    loop: Loop,
    run: Power,
    netW: Double,
    halfW: Double,
    parts: Map<String, Double>,
): Pair<Verdict, String> = when {
    loop.throttled.isNotEmpty() -> Verdict.THROTTLED to loop.throttled
    account.intervalS * FEWEST_UPDATES > loop.endS - loop.beginS -> {
        val often = "once in ${short(account.intervalS)} s"
        Verdict.NOISY to "the meter is updated $often; a loop needs $FEWEST_UPDATES updates"
    }
    netW <= halfW -> Verdict.NOISY to "its power under load, ${short(run.watts)} W, is not above that at rest"
    halfW > NOISE * netW -> {
        val largest = parts.entries.maxByOrNull { it.value }?.key
        Verdict.NOISY to "$largest: ± ${Math.round(100 * halfW / netW)} %"
    }
    else -> Verdict.STEADY to ""
}
