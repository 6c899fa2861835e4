package dev.dsnet.image

import dev.dsnet.bundle.Interpolation
import kotlin.math.abs
import kotlin.math.ceil
import kotlin.math.max
import kotlin.math.min

internal const val FRACTION_BITS = 22 // of a weight; with 8 bits of a pixel and a sign there is one bit to spare

/**
 * Which pixels of a line, times which weights, become each pixel of a resized line: Pillow's numbers, so that the sums are the
 * same to the bit (its resampling is the reference: it spreads the filter when it shrinks, and rounds weights to 22 bits).
 *
 * Output `o` is the sum over `i < counts[o]` of pixel `firsts[o] + i` times `weights[o * most + i]`.
 */
internal class Taps(val firsts: IntArray, val counts: IntArray, val weights: IntArray) {
    val outputs: Int get() = firsts.size
    val most: Int get() = weights.size / firsts.size

    /** The pixels that are read: `from` to `until - 1`. */
    val from: Int = firsts.minOrNull() ?: 0
    val until: Int = firsts.indices.maxOf { firsts[it] + counts[it] }

    /** The same of a line of `size` pixels whose order is reversed. */
    fun mirrored(size: Int): Taps {
        val reversed = IntArray(weights.size)
        for (output in firsts.indices) {
            for (tap in 0 until counts[output]) reversed[output * most + tap] = weights[output * most + counts[output] - 1 - tap]
        }
        return Taps(IntArray(outputs) { size - firsts[it] - counts[it] }, counts, reversed)
    }
}

/** From a line of `size` pixels, its part from `begin` to `end`, to `outputs` pixels. */
internal fun taps(size: Int, begin: Float, end: Float, outputs: Int, interpolation: Interpolation): Taps {
    val scale = (end - begin).toDouble() / outputs
    val spread = max(scale, 1.0)
    val support = radius(interpolation) * spread
    val most = ceil(support).toInt() * 2 + 1
    val firsts = IntArray(outputs)
    val counts = IntArray(outputs)
    val weights = IntArray(outputs * most)
    val exact = DoubleArray(most)
    for (output in 0 until outputs) {
        val centre = begin + (output + 0.5) * scale
        val first = max(0, (centre - support + 0.5).toInt())
        val count = min(size, (centre + support + 0.5).toInt()) - first
        var sum = 0.0
        for (tap in 0 until count) {
            exact[tap] = weight(interpolation, (tap + first - centre + 0.5) * (1.0 / spread))
            sum += exact[tap]
        }
        firsts[output] = first
        counts[output] = count
        for (tap in 0 until count) weights[output * most + tap] = rounded(if (sum != 0.0) exact[tap] / sum else exact[tap])
    }
    return Taps(firsts, counts, weights)
}

private fun rounded(weight: Double): Int = (weight * (1 shl FRACTION_BITS) + (if (weight < 0) -0.5 else 0.5)).toInt()

private fun radius(interpolation: Interpolation): Double = when (interpolation) {
    Interpolation.BILINEAR -> 1.0
    Interpolation.BICUBIC -> 2.0
}

private fun weight(interpolation: Interpolation, distance: Double): Double {
    val x = abs(distance)
    return when (interpolation) {
        Interpolation.BILINEAR -> if (x < 1) 1 - x else 0.0
        Interpolation.BICUBIC -> when { // of Keys, with a = -0.5
            x < 1 -> (1.5 * x - 2.5) * x * x + 1
            x < 2 -> (((x - 5) * x + 8) * x - 4) * -0.5
            else -> 0.0
        }
    }
}
