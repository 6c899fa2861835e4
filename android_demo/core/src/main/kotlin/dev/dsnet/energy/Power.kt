package dev.dsnet.energy

import kotlin.math.min
import kotlin.math.sqrt

// Of Student's distribution, two-sided 95 %, by degrees of freedom; 0 has none.
private val STUDENT = listOf(Double.POSITIVE_INFINITY, 12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365)
private const val READINGS = 3 // in a window, at least

/** Between two moments: the mean, and half the width of its 95 % interval, from the spread of up to eight equal windows. */
data class Power(val watts: Double, val halfW: Double)

/** Null where the meter said too little. The first reading is left out: it may stand for what was before. */
internal fun power(account: Account, beginS: Double, endS: Double): Power? {
    val inside = account.atS.indices.filter { account.atS[it] >= beginS + account.intervalS && account.atS[it] <= endS }
    if (inside.size < 2 * READINGS) return null
    val atS = inside.map { account.atS[it] }
    val joules = inside.map { account.joules[it] }
    val windows = min(STUDENT.size, inside.size / READINGS)
    val edges = List(windows + 1) { atS.first() + (atS.last() - atS.first()) * it / windows }
    val slopes = edges.zipWithNext { from, to -> (interpolated(atS, joules, to) - interpolated(atS, joules, from)) / (to - from) }
    val mean = slopes.average()
    val deviation = sqrt(slopes.sumOf { (it - mean) * (it - mean) } / (windows - 1))
    val watts = (joules.last() - joules.first()) / (atS.last() - atS.first())
    return Power(watts, STUDENT[windows - 1] * deviation / sqrt(windows.toDouble()))
}

private fun interpolated(atS: List<Double>, joules: List<Double>, second: Double): Double {
    val found = atS.binarySearch(second)
    if (found >= 0) return joules[found]
    val above = -found - 1
    if (above == 0) return joules.first()
    if (above == atS.size) return joules.last()
    val share = (second - atS[above - 1]) / (atS[above] - atS[above - 1])
    return joules[above - 1] + share * (joules[above] - joules[above - 1])
}
