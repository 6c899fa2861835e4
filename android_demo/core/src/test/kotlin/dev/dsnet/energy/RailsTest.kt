package dev.dsnet.energy

import dev.dsnet.DsnetException
import kotlin.test.Test
import kotlin.test.assertContains
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith

class RailsTest {
    @Test
    fun `the processor's rails are taken, else Android's estimate, and nothing that overlaps`() {
        val pixel = listOf("[S4M_VDD_CPUCL0]:L", "S2M_VDD_CPUCL2", "S2S_VDD_G3D", "CPU", "DISPLAY")
        assertEquals(listOf("S2M_VDD_CPUCL2", "[S4M_VDD_CPUCL0]:L"), processorRails(pixel))
        assertEquals(listOf("cpu"), processorRails(listOf("GPU", "cpu", "DISPLAY")))
        assertEquals(emptyList(), processorRails(listOf("GPU")))
    }

    @Test
    fun `rails are added up over the moments at which all are known`() {
        fun sample(ms: Long, a: Long, b: Long?) = RailSample(ms, if (b == null) mapOf("a" to a) else mapOf("a" to a, "b" to b))
        val samples = listOf(
            sample(1000, 5_000_000, 1_000_000),
            sample(2000, 6_000_000, 1_500_000),
            sample(3000, 7_000_000, -1), // unavailable
            sample(4000, 7_000_000, null),
            sample(4000, 7_000_000, 3_500_000),
            sample(5000, 7_000_000, 3_500_000), // a snapshot that the service kept
            sample(6000, 8_000_000, 3_500_000),
        )
        val account = railsAccount(samples, listOf("a", "b"))
        assertEquals(listOf(2.0, 4.0, 6.0), account.atS)
        assertEquals(listOf(0.0, 3.0, 4.0), account.joules.map { Math.round(it * 1e9) / 1e9 })
    }

    @Test
    fun `a counter or a clock that goes back is an error, and so is a phone without rails`() {
        fun complaint(vararg readings: Pair<Long, Long>, rails: List<String> = listOf("a")): String {
            val samples = readings.map { (ms, energy) -> RailSample(ms, mapOf("a" to energy)) }
            return checkNotNull(assertFailsWith<DsnetException> { railsAccount(samples, rails) }.message)
        }
        assertContains(complaint(1L to 9L, 2L to 8L), "its counter went back at 0.002 s")
        assertContains(complaint(2L to 8L, 1L to 9L), "its clock went back from 0.002 to 0.001 s")
        assertContains(complaint(1L to -1L), "not one reading")
        assertContains(complaint(1L to 1L, rails = emptyList()), "this phone has none of the processor")
    }
}
