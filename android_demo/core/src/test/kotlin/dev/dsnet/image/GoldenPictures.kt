package dev.dsnet.image

import dev.dsnet.TestFolders
import dev.dsnet.bundle.InputSpec
import dev.dsnet.bundle.Interpolation
import java.io.DataInputStream
import java.io.File
import java.nio.ByteBuffer

/** A frame, and the input that Python makes of it. */
class GoldenFrame(val spec: InputSpec, val frame: YuvFrame, val expected: FloatArray)

class GoldenPhoto(val spec: InputSpec, val image: RgbImage, val expected: FloatArray)

/** What android_demo/tools/golden_images.py writes. */
object GoldenPictures {
    fun frames(): List<GoldenFrame> = read("frames.bin") { stream ->
        val spec = specification(stream)
        val (width, height, rotation) = List(3) { stream.readInt() }
        val (y, u, v) = List(3) { plane(stream) }
        GoldenFrame(spec, YuvFrame(width, height, y, u, v, rotation), floats(stream))
    }

    fun photos(): List<GoldenPhoto> = read("photos.bin") { stream ->
        val spec = specification(stream)
        val (width, height) = List(2) { stream.readInt() }
        GoldenPhoto(spec, RgbImage(width, height, bytes(stream)), floats(stream))
    }

    private fun <T> read(name: String, case: (DataInputStream) -> T): List<T> =
        DataInputStream(File(TestFolders.golden, name).inputStream().buffered()).use { stream ->
            List(stream.readInt()) { case(stream) }.also { check(stream.read() < 0) }
        }

    private fun specification(stream: DataInputStream): InputSpec {
        val (height, width, resize, kind) = List(4) { stream.readInt() }
        val numbers = List(6) { stream.readFloat() }
        return InputSpec(height, width, numbers.take(3), numbers.drop(3), resize, Interpolation.entries[kind])
    }

    /** Direct and read-only, as a camera's buffers are. */
    private fun plane(stream: DataInputStream): Plane {
        val (rowStride, pixelStride) = List(2) { stream.readInt() }
        val bytes = bytes(stream)
        val direct = ByteBuffer.allocateDirect(bytes.size).put(bytes)
        direct.rewind()
        return Plane(direct.asReadOnlyBuffer(), rowStride, pixelStride)
    }

    private fun bytes(stream: DataInputStream) = ByteArray(stream.readInt()).also(stream::readFully)

    private fun floats(stream: DataInputStream) = FloatArray(stream.readInt()) { stream.readFloat() }
}
