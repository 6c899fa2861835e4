package dev.dsnet.image

import java.nio.ByteBuffer

/** One plane of an image: the sample at column x, row y is at `y * rowStride + x * pixelStride`. */
class Plane(val bytes: ByteBuffer, val rowStride: Int, val pixelStride: Int)

/**
 * A camera frame in YUV_420_888: `y` at full resolution, `u` and `v` at half of it in both directions (rounded up), full range,
 * BT.601 as JPEG has it.
 *
 * `rotation`: degrees clockwise (0, 90, 180, 270) by which the picture must be turned to be upright.
 */
class YuvFrame(val width: Int, val height: Int, val y: Plane, val u: Plane, val v: Plane, val rotation: Int)

/** An upright 8-bit RGB picture, `[height, width, 3]`. */
class RgbImage(val width: Int, val height: Int, val pixels: ByteArray)
