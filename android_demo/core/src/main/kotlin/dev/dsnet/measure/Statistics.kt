package dev.dsnet.measure

import dev.dsnet.profile.Summary
import java.math.BigDecimal
import java.math.MathContext
import java.math.RoundingMode
import kotlin.math.floor
import kotlin.math.max
import kotlin.math.min
import kotlin.random.Random

private const val RESAMPLES = 400
private val SIX_DIGITS = MathContext(6, RoundingMode.HALF_EVEN)

/**
 * Of the samples of every block together; at least one sample.
 *
 * The 95 % interval of the median is a bootstrap in two stages, blocks and then the samples of each: samples of one process
 * resemble each other more than those of another, and drawing samples alone would promise too much.
 */
fun summarize(blocks: List<List<Double>>, seed: Int = 0): Summary {
    val filled = blocks.filter { it.isNotEmpty() }
    val sorted = filled.flatten().toDoubleArray().apply { sort() }
    val medians = medians(sorted, filled.map { block -> ranks(block, sorted) }, Random(seed))
    val median = percentile(sorted, 50.0)
    return Summary(
        runs = sorted.size,
        median = rounded(median),
        low = rounded(min(percentile(medians, 2.5), median)),
        high = rounded(max(percentile(medians, 97.5), median)),
        p90 = rounded(percentile(sorted, 90.0)),
        p99 = rounded(percentile(sorted, 99.0)),
        min = rounded(sorted[0]),
    )
}

/** Of `sorted`, at least one; between two of them by a straight line, as NumPy does. */
internal fun percentile(sorted: DoubleArray, percent: Double): Double {
    val place = percent / 100 * (sorted.size - 1)
    val below = floor(place).toInt()
    val above = min(below + 1, sorted.size - 1)
    return sorted[below] + (place - below) * (sorted[above] - sorted[below])
}

private fun rounded(number: Double): Double = BigDecimal(number).round(SIX_DIGITS).toDouble()

/** The place of each sample among all of them. Equal samples share one. */
private fun ranks(block: List<Double>, sorted: DoubleArray): IntArray = IntArray(block.size) { sorted.binarySearch(block[it]) }

/** Of [RESAMPLES] draws, sorted. Counting how often each rank was drawn spares sorting every draw. */
private fun medians(sorted: DoubleArray, ranks: List<IntArray>, random: Random): DoubleArray {
    val counts = IntArray(sorted.size)
    return DoubleArray(RESAMPLES) {
        counts.fill(0)
        var drawn = 0
        repeat(ranks.size) {
            val block = ranks[random.nextInt(ranks.size)]
            repeat(block.size) { counts[block[random.nextInt(block.size)]]++ }
            drawn += block.size
        }
        (sorted[nth(counts, (drawn - 1) / 2)] + sorted[nth(counts, drawn / 2)]) / 2
    }.apply { sort() }
}

/** The rank of the `n`-th draw in ascending order, from 0. */
private fun nth(counts: IntArray, n: Int): Int {
    var seen = 0
    for (rank in counts.indices) {
        seen += counts[rank]
        if (seen > n) return rank
    }
    error("fewer than ${n + 1} draws")
}
