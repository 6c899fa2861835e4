package dev.dsnet.bundle

import dev.dsnet.DsnetException
import dev.dsnet.withScratch
import java.io.File
import java.nio.ByteBuffer
import java.nio.ByteOrder
import kotlin.test.Test
import kotlin.test.assertContains
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith

class NpyTest {
    private fun npy(
        values: List<Float>,
        shape: String,
        descr: String = "<f4",
        fortran: String = "False",
        version: Int = 1,
    ): ByteArray {
        val header = "{'descr': '$descr', 'fortran_order': $fortran, 'shape': ($shape), }\n"
        val bytes = ByteBuffer.allocate(8 + 4 + header.length + 4 * values.size).order(ByteOrder.LITTLE_ENDIAN)
        bytes.put("\u0093NUMPY".toByteArray(Charsets.ISO_8859_1)).put(version.toByte()).put(0)
        if (version == 1) bytes.putShort(header.length.toShort()) else bytes.putInt(header.length)
        bytes.put(header.toByteArray())
        values.forEach { bytes.putFloat(it) }
        return bytes.array().copyOf(bytes.position())
    }

    private fun read(bytes: ByteArray, vararg shape: Int?): FloatArrayND = withScratch { scratch ->
        readNpy(File(scratch, "x.npy").also { it.writeBytes(bytes) }, shape.toList())
    }

    private val six = (1..6).map { it / 4f }

    @Test
    fun `all versions of the format hold the same array`() {
        for (version in 1..3) {
            val found = read(npy(six, "3, 2", version = version), null, 2)
            assertEquals(listOf(3, 2), found.shape)
            assertEquals(six, found.values.toList())
            assertEquals(listOf(0.75f, 1f), found[1].toList())
        }
        assertEquals(listOf(6), read(npy(six, "6,"), null).shape)
    }

    @Test
    fun `another type, order, shape or length is refused`() {
        fun complaint(bytes: ByteArray): String = checkNotNull(assertFailsWith<DsnetException> { read(bytes, null, 2) }.message)
        for (bytes in listOf(
            npy(six, "3, 2", descr = ">f4"),
            npy(six, "3, 2", descr = "|O"),
            npy(six, "3, 2", fortran = "True"),
            npy(six, "3, x"),
            npy(six, "3, 99999999999"),
            npy(six, "3, 2", version = 9),
            npy(six, "3, 2").copyOf(20),
            ByteArray(0),
            "not an array at all".toByteArray(),
        )) assertContains(complaint(bytes), "x.npy: not a float32 array in C order")
        for (shape in listOf("3, 3", "6,", "0, 2", "", "3, 2, 1")) {
            assertContains(complaint(npy(six, shape)), "float32 [n, 2] expected")
        }
        for (count in listOf(5, 7)) assertContains(complaint(npy(List(count) { 1f }, "3, 2")), "${4 * count} bytes of values")
        assertContains(complaint(npy(six, "2000000000, 2")), "needs 16000000000")
        for (value in listOf(Float.NaN, Float.POSITIVE_INFINITY)) {
            assertContains(complaint(npy(six.drop(1) + value, "3, 2")), "not finite")
        }
    }
}
