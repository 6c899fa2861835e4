package dev.dsnet.routing

import kotlin.math.max
import kotlin.math.min

private const val HALVINGS = 24
private const val LANES = 8

/**
 * Two biases with next to nothing between them: at the first, images with these scores cost more than `amount` on average, at
 * the second at most that. Where no bias costs more, or none as little, both are at that end.
 */
internal fun solve(scores: List<DoubleArray>, lean: List<Double>, costs: List<Double>, amount: Double): Pair<Double, Double> {
    var (dear, cheap) = ends(scores, lean)
    if (meanCost(scores, lean, costs, dear) <= amount) return dear to dear
    if (meanCost(scores, lean, costs, cheap) > amount) return cheap to cheap
    repeat(HALVINGS) {
        val middle = (dear + cheap) / 2
        if (meanCost(scores, lean, costs, middle) > amount) dear = middle else cheap = middle
    }
    return dear to cheap
}

/** A bias at which every image takes the widest path, and one at which every image takes the slimmest. */
private fun ends(scores: List<DoubleArray>, lean: List<Double>): Pair<Double, Double> {
    val first = lean.first()
    val last = lean.last()
    if (lean.none { it < last }) return 0.0 to 0.0
    var widest = Double.POSITIVE_INFINITY
    var slimmest = Double.NEGATIVE_INFINITY
    for (row in scores) {
        for (path in lean.indices) {
            if (lean[path] < last) widest = min(widest, (row.last() - row[path]) / (last - lean[path]))
            if (lean[path] > first) slimmest = max(slimmest, (row[path] - row.first()) / (lean[path] - first))
        }
    }
    return widest - 1 to slimmest + 1
}

private fun meanCost(scores: List<DoubleArray>, lean: List<Double>, costs: List<Double>, bias: Double): Double =
    sum(DoubleArray(scores.size) { costs[argmax(scores[it], lean, bias)] }) / scores.size

/**
 * Of a window, in the order in which NumPy adds: eight sums side by side. A mean may equal a budget to the bit, as where every
 * image takes the slimmest path, and then the last bit decides.
 */
private fun sum(numbers: DoubleArray): Double {
    val whole = numbers.size / LANES * LANES
    if (whole == 0) return numbers.sum()
    val lanes = numbers.copyOf(LANES)
    for (index in LANES until whole) lanes[index % LANES] += numbers[index]
    val pairs = DoubleArray(LANES / 2) { lanes[2 * it] + lanes[2 * it + 1] }
    return (whole until numbers.size).fold(pairs[0] + pairs[1] + (pairs[2] + pairs[3])) { sum, index -> sum + numbers[index] }
}
