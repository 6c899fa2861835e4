package dev.dsnet.engine.litert

import org.junit.Test
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertFalse
import kotlin.test.assertTrue

class LitertTensorTest {
    private fun int8(scale: Float, zeroPoint: Int, n: Int = 4) = LitertTensor(directBytes(n), Quantization(scale, zeroPoint))

    @Test
    fun `int8 is the nearest step, ties to even, and saturates`() {
        val tensor = int8(0.5f, 10, n = 6)
        listOf(0.25f, 0.75f, -0.2f, 1.0f, 1000f, -1000f).forEachIndexed { index, real -> tensor[index] = real }
        assertEquals(listOf<Byte>(10, 12, 10, 12, 127, -128), List(6) { tensor.bytes[it] })
        assertEquals(listOf(0f, 1f, 0f, 1f, 58.5f, -69f), List(6) { tensor[it] })
    }

    @Test
    fun `numbers keep their value in another quantisation, and in none`() {
        val source = int8(0.25f, -3)
        for (index in 0 until 4) source[index] = index * 0.5f
        for (target in listOf(int8(0.125f, 7), LitertTensor(directBytes(16), null))) {
            assertFalse(target.takes(source))
            target.copyFrom(source)
            assertEquals(List(4) { it * 0.5f }, List(4) { target[it] })
        }
        assertFailsWith<IllegalArgumentException> { int8(1f, 0, n = 5).copyFrom(source) }
    }

    @Test
    fun `scales that differ in the last digits are the same`() {
        assertTrue(int8(0.1f, 0).takes(int8(0.100001f, 0)))
        assertFalse(int8(0.1f, 0).takes(int8(0.1001f, 0)))
        assertFalse(int8(0.1f, 0).takes(int8(0.1f, 1)))
        assertTrue(LitertTensor(directBytes(4), null).takes(LitertTensor(directBytes(4), null)))
    }
}
