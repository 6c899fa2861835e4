package dev.dsnet.measure

import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertTrue

class ResultsTest {
    private fun result(vararg blocks: RawBlock): SeriesResult =
        resultOf(blocks.fold(begun().next(PASSED)) { campaign, block -> campaign.next(block) }.profile).single()

    @Test
    fun `a row is a path, in figures and as a sentence`() {
        val found = result(raw(ms = 1.5), raw(ms = 1.5))
        assertEquals("Sliced, 1 thread", found.title)
        assertEquals("Every path is known to within 5.0 %, from 2 processes", found.verdict)
        val spoken = "Path 1: 1.500 milliseconds, give or take 0.0 per cent, 0.0 million multiply-adds"
        assertEquals(ResultRow("1", "0.0", "1.500", "± 0.0 %", spoken), found.rows[1])
    }

    @Test
    fun `what is no result says so`() {
        val noisy = result(raw(1.0), raw(2.0), raw(3.0), raw(4.0)).verdict
        assertTrue(noisy.startsWith("Noisy, so not a result: path 0 is known to"), noisy)
        assertEquals("Measuring: 1 of 2 processes so far", result(raw()).verdict)
    }
}
