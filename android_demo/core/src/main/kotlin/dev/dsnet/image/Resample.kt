package dev.dsnet.image

import kotlin.math.max
import kotlin.math.min

private const val HALF = 1 shl (FRACTION_BITS - 1)

/**
 * Resizes `count` rows of RGB pixels along themselves, the first at `start` and `stride` bytes between two. Pixel 0 of each is
 * pixel `taps.from`. `into` gets `[count, taps.outputs, 3]`.
 */
internal fun resizeAcross(bytes: ByteArray, start: Int, stride: Int, count: Int, taps: Taps, into: ByteArray) {
    val weights = taps.weights
    var at = 0
    for (row in 0 until count) {
        for (output in 0 until taps.outputs) {
            var pixel = start + row * stride + (taps.firsts[output] - taps.from) * 3
            var red = HALF
            var green = HALF
            var blue = HALF
            val first = output * taps.most
            for (tap in first until first + taps.counts[output]) {
                val weight = weights[tap]
                red += (bytes[pixel].toInt() and 255) * weight
                green += (bytes[pixel + 1].toInt() and 255) * weight
                blue += (bytes[pixel + 2].toInt() and 255) * weight
                pixel += 3
            }
            into[at] = level(red)
            into[at + 1] = level(green)
            into[at + 2] = level(blue)
            at += 3
        }
    }
}

/**
 * Resizes columns: `size` bytes of every row, the rows as above. Row 0 is row `taps.from`. `into` gets `[taps.outputs, size]`,
 * and `sums` has room for `size`.
 */
internal fun resizeDown(bytes: ByteArray, start: Int, stride: Int, size: Int, taps: Taps, sums: IntArray, into: ByteArray) {
    for (output in 0 until taps.outputs) {
        sums.fill(HALF, 0, size)
        for (tap in 0 until taps.counts[output]) {
            val weight = taps.weights[output * taps.most + tap]
            val row = start + (taps.firsts[output] - taps.from + tap) * stride
            for (index in 0 until size) sums[index] += (bytes[row + index].toInt() and 255) * weight
        }
        for (index in 0 until size) into[output * size + index] = level(sums[index])
    }
}

private fun level(sum: Int): Byte = clipped(sum shr FRACTION_BITS).toByte()

internal fun clipped(value: Int): Int = min(max(value, 0), 255)
