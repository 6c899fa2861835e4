package dev.dsnet.energy

import dev.dsnet.DsnetException
import kotlin.math.abs

/** What a meter said at a moment of the device's clock: watts of a sensor, or joules of a counter. */
data class Reading(val atS: Double, val value: Double)

/**
 * What a meter counted, as a curve of joules over the device's clock; counters and power sensors give the same curve.
 *
 * The twin of dsnet_edge/energy/account.py: a sensor is integrated by the trapezoid rule; a counter is known at the moments when
 * it changed.
 */
class Account internal constructor(
    val atS: List<Double>, // increasing
    val joules: List<Double>, // used by then, since the first moment
    val changedS: List<Double>, // when the meter said something new
    val stepW: Double, // the smallest difference of power that a sensor told; 0 of a counter
    val stepJ: Double, // the smallest difference of energy that a counter tells; 0 of a sensor
) {
    /** Between two updates: the lower quartile of the times between changes. 0 while there were fewer than two changes. */
    val intervalS: Double = lowerQuartile(changedS.zipWithNext { before, after -> after - before })

    /** The smallest difference that the meter can tell. */
    val resolutionMj: Double get() = 1000 * (stepJ + stepW * intervalS)
}

private const val ROUNDING_W = 1e-9 // differences below are rounding of ours

/** Of a power sensor's watts. `what` names the meter in errors. Throws [DsnetException]. */
internal fun integrated(readings: List<Reading>, what: String): Account {
    val kept = forward(readings, what)
    var used = 0.0
    val joules = kept.indices.map { index ->
        if (index > 0) used += (kept[index].atS - kept[index - 1].atS) * (kept[index].value + kept[index - 1].value) / 2
        used
    }
    val told = kept.zipWithNext().filter { (before, after) -> abs(after.value - before.value) > ROUNDING_W }
    val stepW = told.minOfOrNull { (before, after) -> abs(after.value - before.value) } ?: 0.0
    return Account(kept.map { it.atS }, joules, told.map { (_, after) -> after.atS }, stepW, 0.0)
}

/** Of a counter's joules; `stepJ` is what one step of it is worth. Throws [DsnetException]. */
internal fun counted(readings: List<Reading>, stepJ: Double, what: String): Account {
    val kept = forward(readings, what)
    val steps = kept.zipWithNext()
    steps.firstOrNull { (before, after) -> after.value < before.value }?.let { (_, after) ->
        throw DsnetException("$what: its counter went back at ${after.atS} s; measure again")
    }
    val changes = steps.filter { (before, after) -> after.value > before.value }.map { (_, after) -> after }
    val points = changes.ifEmpty { kept.take(1) }
    return Account(points.map { it.atS }, points.map { it.value - points[0].value }, changes.map { it.atS }, 0.0, stepJ)
}

/** Without readings of the same moment. */
private fun forward(readings: List<Reading>, what: String): List<Reading> {
    val kept = ArrayList<Reading>()
    for (reading in readings) {
        val last = kept.lastOrNull()
        if (last != null && reading.atS < last.atS) {
            throw DsnetException("$what: its clock went back from ${last.atS} to ${reading.atS} s; measure again")
        }
        if (last == null || reading.atS > last.atS) kept += reading
    }
    if (kept.isEmpty()) throw DsnetException("$what: not one reading; this phone does not tell it")
    return kept
}

private fun lowerQuartile(numbers: List<Double>): Double {
    if (numbers.isEmpty()) return 0.0
    val sorted = numbers.sorted()
    val place = 0.25 * (sorted.size - 1)
    val below = place.toInt()
    val above = minOf(below + 1, sorted.lastIndex)
    return sorted[below] + (place - below) * (sorted[above] - sorted[below])
}
