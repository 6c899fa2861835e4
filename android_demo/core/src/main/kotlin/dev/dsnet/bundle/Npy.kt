package dev.dsnet.bundle

import dev.dsnet.DsnetException
import java.io.File
import java.nio.ByteBuffer
import java.nio.ByteOrder

/** Float32 numbers in C order: the last index runs fastest. `values.size` is the product of `shape`. */
class FloatArrayND(val shape: List<Int>, val values: FloatArray) {
    /** What is at `index` of the first dimension, one row after another. */
    operator fun get(index: Int): FloatArray {
        val size = values.size / shape.first()
        return values.copyOfRange(index * size, (index + 1) * size)
    }
}

private const val LARGEST_ARRAY = 256L shl 20
private const val MAGIC = "\u0093NUMPY"
private val HEADER = Regex("\\{'descr': '<f4', 'fortran_order': False, 'shape': \\(([0-9, ]*)\\), *\\} *\n")

/**
 * The array in an `.npy` file (numpy.lib.format, versions 1 to 3), of `shape`, in which null is any number above 0.
 *
 * Throws [DsnetException] for another shape, type or order, for values that are not finite, and for a file of another length
 * than its header says.
 */
internal fun readNpy(file: File, shape: List<Int?>): FloatArrayND {
    if (file.length() > LARGEST_ARRAY) {
        throw DsnetException("$file: larger than $LARGEST_ARRAY bytes; convert it with fewer --samples")
    }
    val bytes = ByteBuffer.wrap(reading(file, file::readBytes)).order(ByteOrder.LITTLE_ENDIAN)
    val found = dimensions(bytes) ?: throw DsnetException("$file: not a float32 array in C order; convert the checkpoint again")
    val fits = found.size == shape.size && found.zip(shape).all { (size, expected) -> size > 0 && (expected ?: size) == size }
    if (!fits) throw DsnetException("$file: float32 ${shape.map { it ?: "n" }} expected, found $found; convert it again")
    val count = found.fold(1L) { product, size -> product * size } // cannot overflow: all but one are the caller's
    if (count * 4 != bytes.remaining().toLong()) {
        throw DsnetException("$file: ${bytes.remaining()} bytes of values, $found needs ${count * 4}; copy or convert it again")
    }
    val values = FloatArray(count.toInt())
    bytes.asFloatBuffer().get(values)
    if (values.any { it.isNaN() || it.isInfinite() }) {
        throw DsnetException("$file: holds values that are not finite; convert the checkpoint again")
    }
    return FloatArrayND(found, values)
}

/** Those in the header, leaving `bytes` at the values; null where it is not such a file. */
private fun dimensions(bytes: ByteBuffer): List<Int>? {
    if (bytes.remaining() < 12 || MAGIC.any { bytes.get().toInt() and 255 != it.code }) return null
    val version = bytes.get().toInt()
    bytes.get() // the minor version, which changes nothing
    val length = if (version == 1) bytes.short.toInt() and 0xffff else bytes.int
    if (version !in 1..3 || length !in 0..minOf(bytes.remaining(), 1 shl 16)) return null
    val header = ByteArray(length).also { bytes.get(it) }.toString(Charsets.ISO_8859_1)
    val sizes = HEADER.matchEntire(header)?.groupValues?.get(1) ?: return null
    return sizes.split(',').map { it.trim() }.filter { it.isNotEmpty() }.map { it.toIntOrNull() ?: return null }
}
