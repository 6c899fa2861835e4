package dev.dsnet.image

import dev.dsnet.DsnetException
import dev.dsnet.bundle.InputSpec
import java.nio.FloatBuffer

/**
 * Makes a picture the network's input `[height, width, 3]`, float32, normalised: upright, short side to `spec.resize`, centre
 * crop, the numbers bit for bit those of `dsnet_edge.runtime.preprocess`.
 *
 * One thread at a time. Keeps the tables and buffers of the latest geometry, so that the next picture of the same allocates
 * nothing.
 */
class Preprocessor(private val spec: InputSpec) {
    private val levels = Levels(spec)
    private val colours = Colours()
    private val pixels = ByteArray(spec.width * spec.height * 3)
    private var geometry: Geometry? = null
    private var region = ByteArray(0) // the part of the frame that is sampled
    private var between = ByteArray(0) // after the first of the two passes
    private var sums = IntArray(0)

    /**
     * Fills `into` from its beginning, and leaves it rewound. Moves the positions of the frame's buffers. Throws
     * [DsnetException] for a frame whose planes are too short.
     */
    fun frame(frame: YuvFrame, into: FloatBuffer) {
        checkFrame(frame)
        val geometry = geometry(frame.width, frame.height, frame.rotation)
        val across = geometry.across
        val down = geometry.down
        val columns = across.until - across.from
        val needed = (down.until - down.from) * columns * 3
        if (region.size < needed) region = ByteArray(needed)
        colours.convert(frame, across.from, across.until, down.from, down.until, region)
        sample(geometry, region, 0, columns * 3, into)
    }

    /** The same of a picture that is upright already. */
    fun photo(image: RgbImage, into: FloatBuffer) {
        val expected = image.width.toLong() * image.height * 3
        if (image.width < 1 || image.height < 1 || image.pixels.size.toLong() != expected) {
            val found = "${image.pixels.size} bytes, $expected expected"
            throw DsnetException("a picture of ${image.width} x ${image.height} has $found")
        }
        val geometry = geometry(image.width, image.height, 0)
        val start = (geometry.down.from * image.width + geometry.across.from) * 3
        sample(geometry, image.pixels, start, image.width * 3, into)
    }

    private fun sample(geometry: Geometry, bytes: ByteArray, start: Int, stride: Int, into: FloatBuffer) {
        val across = geometry.across
        val down = geometry.down
        if (geometry.downFirst) {
            val size = (across.until - across.from) * 3
            reserve(down.outputs * size, size)
            resizeDown(bytes, start, stride, size, down, sums, between)
            resizeAcross(between, 0, size, down.outputs, across, pixels)
        } else {
            val count = down.until - down.from
            val size = across.outputs * 3
            reserve(count * size, size)
            resizeAcross(bytes, start, stride, count, across, between)
            resizeDown(between, 0, size, size, down, sums, pixels)
        }
        if (geometry.turned) levels.writeTurned(pixels, into) else levels.write(pixels, into)
    }

    private fun geometry(width: Int, height: Int, rotation: Int): Geometry =
        geometry?.takeIf { it.fits(width, height, rotation) } ?: Geometry(spec, width, height, rotation).also { geometry = it }

    private fun reserve(bytes: Int, nSums: Int) {
        if (between.size < bytes) between = ByteArray(bytes)
        if (sums.size < nSums) sums = IntArray(nSums)
    }
}
