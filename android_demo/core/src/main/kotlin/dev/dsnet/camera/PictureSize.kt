package dev.dsnet.camera

import kotlin.math.abs

/** Of a camera's picture as the sensor has it, in pixels. */
data class PictureSize(val width: Int, val height: Int) {
    val shorter: Int get() = minOf(width, height)
    val longer: Int get() = maxOf(width, height)
    val area: Long get() = width.toLong() * height
}

private val SMALLEST = PictureSize(640, 480)
private val LARGEST = PictureSize(1280, 720)
private val LARGEST_SHOWN = PictureSize(1920, 1080)

/** The sizes of a camera's two streams: `frames` for the network, `shown` for the user, of one shape: both see the same. */
data class Streams(val frames: PictureSize, val shown: PictureSize)

/**
 * Frames are as small as they may be with 480 rows, as each is converted, and at most 1280 x 720; of a camera that has none such,
 * as near to 640 x 480 as there is. Shown is the largest of the same shape up to 1920 x 1080. Null without any size.
 */
fun chooseStreams(forFrames: List<PictureSize>, forShowing: List<PictureSize>): Streams? {
    val frames = forFrames.filter { SMALLEST within it && it within LARGEST }.minByOrNull { it.area }
        ?: forFrames.minByOrNull { abs(it.area - SMALLEST.area) }
        ?: return null
    val shown = forShowing.filter { it within LARGEST_SHOWN && it.alike(frames) }.maxByOrNull { it.area }
    return Streams(frames, shown ?: frames)
}

private infix fun PictureSize.within(other: PictureSize): Boolean = shorter <= other.shorter && longer <= other.longer

/** Of the same shape to within a row or a column. */
private fun PictureSize.alike(other: PictureSize): Boolean =
    abs(width.toLong() * other.height - height.toLong() * other.width) <= maxOf(longer, other.longer)
