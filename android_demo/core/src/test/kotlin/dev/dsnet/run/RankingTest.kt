package dev.dsnet.run

import kotlin.math.exp
import kotlin.random.Random
import kotlin.test.Test
import kotlin.test.assertEquals

class RankingTest {
    @Test
    fun `probabilities add up to one and are in proportion to the exponentials`() {
        val found = softmax(floatArrayOf(1f, 3f, 2f, -1000f))
        assertEquals(1.0, found.sum(), 1e-15)
        assertEquals(exp(1.0), found[1] / found[2], 1e-14)
        assertEquals(exp(2.0), found[1] / found[0], 1e-14)
        assertEquals(0.0, found[3])
        assertEquals(listOf(0.5, 0.5), softmax(floatArrayOf(3e38f, 3e38f)).toList())
    }

    @Test
    fun `the best come first, and of equals the one with the lower index`() {
        assertEquals(listOf(2, 0, 3), top(doubleArrayOf(0.2, 0.1, 0.5, 0.2, 0.2), 3))
        assertEquals(listOf(0), top(doubleArrayOf(1.0), 3))
        assertEquals(emptyList(), top(doubleArrayOf(0.5, 0.5), 0))
        val generator = Random(1)
        repeat(200) {
            val values = DoubleArray(generator.nextInt(1, 40)) { generator.nextInt(0, 8) / 8.0 }
            val expected = values.indices.sortedByDescending { values[it] } // a stable sort
            assertEquals(expected.take(5), top(values, 5))
        }
    }
}
