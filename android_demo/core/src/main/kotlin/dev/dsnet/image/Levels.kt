package dev.dsnet.image

import dev.dsnet.DsnetException
import dev.dsnet.bundle.InputSpec
import java.nio.FloatBuffer

/** `(level / 255 - mean) / std` of every level and channel, in float32 as NumPy computes it. */
internal class Levels(private val spec: InputSpec) {
    private val red = table(0)
    private val green = table(1)
    private val blue = table(2)
    private val row = FloatArray(spec.width * 3)

    private fun table(channel: Int) = FloatArray(256) { (it / 255f - spec.mean[channel]) / spec.std[channel] }

    /** Of pixels `[height, width, 3]`. */
    fun write(pixels: ByteArray, into: FloatBuffer) = write(pixels, into, spec.width * 3, 3)

    /** Of pixels `[width, height, 3]`. */
    fun writeTurned(pixels: ByteArray, into: FloatBuffer) = write(pixels, into, 3, spec.height * 3)

    private fun write(pixels: ByteArray, into: FloatBuffer, rowStep: Int, columnStep: Int) {
        val expected = spec.height * spec.width * 3
        if (into.capacity() != expected) throw DsnetException("an input of ${into.capacity()} numbers, $expected expected")
        into.clear()
        for (y in 0 until spec.height) {
            var pixel = y * rowStep
            for (at in row.indices step 3) {
                row[at] = red[pixels[pixel].toInt() and 255]
                row[at + 1] = green[pixels[pixel + 1].toInt() and 255]
                row[at + 2] = blue[pixels[pixel + 2].toInt() and 255]
                pixel += columnStep
            }
            into.put(row)
        }
        into.rewind()
    }
}
