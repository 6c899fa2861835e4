package dev.dsnet.measure

import kotlin.random.Random
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertTrue

class StatisticsTest {
    @Test
    fun `percentiles lie on straight lines between samples`() {
        val samples = doubleArrayOf(1.0, 2.0, 4.0, 8.0, 16.0)
        assertEquals(4.0, percentile(samples, 50.0))
        assertEquals(1.2, percentile(samples, 5.0), 1e-12) // 0.2 of the way from 1 to 2
        assertEquals(12.8, percentile(samples, 90.0), 1e-12)
        assertEquals(16.0, percentile(samples, 100.0))
    }

    @Test
    fun `a summary of equal samples is certain`() {
        val summary = summarize(listOf(List(9) { 2.5 }, List(4) { 2.5 }))
        assertEquals(13, summary.runs)
        assertEquals(listOf(2.5, 2.5, 2.5, 2.5, 2.5, 2.5), summary.run { listOf(median, low, high, p90, p99, min) })
        assertEquals(0.0, summary.halfWidth)
    }

    @Test
    fun `blocks that differ make the interval wide, however many samples they have`() {
        val random = Random(1)
        fun block(centre: Double) = List(200) { centre + random.nextDouble(-0.01, 0.01) }
        val alike = summarize(List(8) { block(1.0) })
        val apart = summarize(List(8) { block(1.0 + 0.05 * it) })
        assertTrue(alike.halfWidth < 0.002, "$alike")
        assertTrue(apart.halfWidth > 0.05, "$apart")
        assertTrue(apart.low <= apart.median && apart.median <= apart.high)
    }

    @Test
    fun `numbers have six digits, rounded to even`() {
        assertEquals(1.23456, summarize(listOf(listOf(1.2345649))).median)
        assertEquals(123457.0, summarize(listOf(listOf(123456.7))).median)
    }

    @Test
    fun `the same samples give the same interval`() {
        val blocks = List(4) { block -> List(50) { 1.0 + block * 0.01 + it * 0.001 } }
        assertEquals(summarize(blocks), summarize(blocks))
    }
}
