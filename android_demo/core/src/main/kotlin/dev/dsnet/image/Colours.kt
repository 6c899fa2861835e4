package dev.dsnet.image

import dev.dsnet.DsnetException

/**
 * Turns a part of a camera frame into RGB: Pillow's fixed-point numbers, so that the bytes are the same, with chroma repeated 2
 * x 2.
 *
 * Holds buffers of one row, which grow with the frames, so that the next frame of that size allocates nothing.
 */
internal class Colours {
    private var samples = ByteArray(0)
    private var red = IntArray(0) // what to add to luma, one for every two columns
    private var green = IntArray(0)
    private var blue = IntArray(0)

    /** Columns `x0 until x1` of rows `y0 until y1` into `[y1 - y0, x1 - x0, 3]`. Moves the positions of the planes' buffers. */
    fun convert(frame: YuvFrame, x0: Int, x1: Int, y0: Int, y1: Int, into: ByteArray) {
        reserve(frame, x1 - x0)
        for (y in y0 until y1) {
            if (y == y0 || y % 2 == 0) readChroma(frame, y / 2, x0 / 2, (x1 + 1) / 2)
            read(frame.y, y, x0, x1 - x0, samples)
            toRgb(frame.y.pixelStride, x0, x1, into, (y - y0) * (x1 - x0) * 3)
        }
    }

    private fun reserve(frame: YuvFrame, columns: Int) {
        val widest = maxOf(frame.y.pixelStride, frame.u.pixelStride, frame.v.pixelStride) * columns
        if (samples.size < widest) samples = ByteArray(widest)
        if (red.size < columns) { // half of them are used, or one more
            red = IntArray(columns)
            green = IntArray(columns)
            blue = IntArray(columns)
        }
    }

    private fun readChroma(frame: YuvFrame, row: Int, first: Int, end: Int) {
        read(frame.u, row, first, end - first, samples)
        for (index in 0 until end - first) {
            val u = samples[index * frame.u.pixelStride].toInt() and 255
            blue[index] = BLUE_OF_U[u]
            green[index] = GREEN_OF_U[u]
        }
        read(frame.v, row, first, end - first, samples)
        for (index in 0 until end - first) {
            val v = samples[index * frame.v.pixelStride].toInt() and 255
            red[index] = RED_OF_V[v]
            green[index] = (green[index] + GREEN_OF_V[v]) shr 6
        }
    }

    private fun toRgb(pixelStride: Int, x0: Int, x1: Int, into: ByteArray, start: Int) {
        var at = start
        var sample = 0
        for (x in x0 until x1) {
            val luma = samples[sample].toInt() and 255
            val pair = (x shr 1) - (x0 shr 1)
            into[at] = clipped(luma + red[pair]).toByte()
            into[at + 1] = clipped(luma + green[pair]).toByte()
            into[at + 2] = clipped(luma + blue[pair]).toByte()
            at += 3
            sample += pixelStride
        }
    }
}

/** From the first sample's byte to the last one's and no further: the last row of a plane may end there. */
private fun read(plane: Plane, row: Int, first: Int, count: Int, into: ByteArray) {
    plane.bytes.position(row * plane.rowStride + first * plane.pixelStride)
    plane.bytes.get(into, 0, (count - 1) * plane.pixelStride + 1)
}

/** Throws [DsnetException] where a plane holds fewer bytes than the frame's size and its strides say. */
internal fun checkFrame(frame: YuvFrame) {
    if (frame.width < 1 || frame.height < 1 || frame.rotation % 90 != 0 || frame.rotation !in 0..270) {
        throw DsnetException("a frame of ${frame.width} x ${frame.height} turned by ${frame.rotation}; choose another camera")
    }
    checkPlane("y", frame.y, frame.width, frame.height)
    checkPlane("u", frame.u, (frame.width + 1) / 2, (frame.height + 1) / 2)
    checkPlane("v", frame.v, (frame.width + 1) / 2, (frame.height + 1) / 2)
}

private fun checkPlane(name: String, plane: Plane, width: Int, height: Int) {
    val needed = (height - 1L) * plane.rowStride + (width - 1L) * plane.pixelStride + 1
    if (plane.rowStride < 1 || plane.pixelStride < 1 || plane.bytes.limit() < needed) {
        val strides = "strides ${plane.rowStride} and ${plane.pixelStride}"
        val found = "${plane.bytes.limit()} bytes with $strides, $needed needed"
        throw DsnetException("plane $name of a frame: $found; choose another camera")
    }
}

// JFIF's equations in 1/64, rounded as Pillow rounds them. Red and blue depend on one of the two: their tables hold whole levels.
private val RED_OF_V = IntArray(256) { part(1.402, it) shr 6 }
private val GREEN_OF_U = IntArray(256) { part(-0.34414, it) }
private val GREEN_OF_V = IntArray(256) { part(-0.71414, it) }
private val BLUE_OF_U = IntArray(256) { part(1.772, it) shr 6 }

private fun part(factor: Double, chroma: Int): Int = (factor * (chroma - 128) * 64 + 0.5).toInt()
