package dev.dsnet.routing

import dev.dsnet.TestFolders
import java.io.DataInputStream
import java.io.File
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertTrue

class GovernorTest {
    private fun shares(vararg readings: Pair<Double, Int>, first: Double = 1.0): List<Double> {
        var heat = Heat(first)
        return readings.map { (second, status) ->
            heat = govern(Governor(), heat, second, status)
            Math.round(heat.share * 1e6) / 1e6
        }
    }

    @Test
    fun `heat lowers the share as it does in Python`() {
        DataInputStream(File(TestFolders.golden, "heat.bin").inputStream().buffered()).use { stream ->
            var heat = Heat()
            val seen = HashSet<Double>()
            repeat(stream.readInt()) { index ->
                heat = govern(Governor(), heat, stream.readDouble(), stream.readInt())
                assertEquals(stream.readDouble(), heat.share, "reading $index")
                seen += heat.share
            }
            assertTrue(0.0 in seen && 1.0 in seen && seen.size > 10, "$seen")
        }
    }

    @Test
    fun `every status above none cuts the share once in a wait`() {
        val hot = (0..4).map { it * 5.0 to it + 1 }.toTypedArray()
        assertEquals(listOf(0.6, 0.6, 0.36, 0.36, 0.216), shares(*hot))
    }

    @Test
    fun `a cool phone gets its budget back step by step`() {
        val cool = listOf(0.0, 9.9, 10.0, 20.0, 30.0, 40.0).map { it to 0 }.toTypedArray()
        assertEquals(listOf(0.75, 0.75, 0.85, 0.95, 1.0, 1.0), shares(*cool, first = 0.65))
    }

    @Test
    fun `little is rounded to nothing, and a clock that starts anew does not stop the governor`() {
        assertEquals(listOf(0.0), shares(0.0 to 1, first = 0.08))
        assertEquals(listOf(0.6, 0.36), shares(5000.0 to 3, 3.0 to 3))
    }
}
