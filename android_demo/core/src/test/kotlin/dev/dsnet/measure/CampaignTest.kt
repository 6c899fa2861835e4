package dev.dsnet.measure

import dev.dsnet.engine.Backend
import dev.dsnet.profile.Verdict
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertIs
import kotlin.test.assertNotNull
import kotlin.test.assertNull
import kotlin.test.assertTrue

class CampaignTest {
    private val died = Outcome.Died("was killed")
    private val lanes = listOf(LANE, Lane(Backend.LITERT, 1), Lane(Backend.LITERT, 2))

    @Test
    fun `every lane is checked before it is timed, and has as many blocks as were wanted`() {
        var campaign = begun()
        assertIs<CheckJob>(campaign.task?.job)
        campaign = campaign.next(PASSED)
        assertIs<BlockJob>(campaign.task?.job)
        campaign = campaign.next(raw()).next(raw())
        assertNull(campaign.task)
        val series = campaign.profile.series.single()
        assertEquals(Verdict.STEADY, series.verdict)
        assertEquals(listOf(0, 1), series.blocks.map { it.number })
        assertEquals(1.0, series.paths[0].totalMs.median)
        assertTrue(campaign.profile.complete)
    }

    @Test
    fun `lanes take turns in random orders that differ`() {
        var campaign = begun(lanes, SETTINGS.copy(blocks = 6))
        val turns = ArrayList<List<Lane>>()
        repeat(7) { turn ->
            turns += List(lanes.size) {
                val task = checkNotNull(campaign.task)
                campaign = campaign.next(if (turn == 0) PASSED else raw())
                campaign.courses[task.course].lane
            }
        }
        assertNull(campaign.task)
        assertTrue(turns.all { it.toSet() == lanes.toSet() }, "$turns")
        assertTrue(turns.toSet().size > 1, "always the same order: $turns")
    }

    @Test
    fun `blocks differ in their seed`() {
        val first = begun().next(PASSED)
        val jobs = listOf(first, first.next(raw())).map { it.task?.job as BlockJob }
        assertEquals(2, jobs.map { it.seed }.toSet().size)
    }

    @Test
    fun `what is not known well enough is tried twice as often, then called noisy`() {
        var campaign = begun().next(PASSED)
        repeat(4) { campaign = campaign.next(raw(ms = 1.0 + it)) }
        assertNull(campaign.task)
        val series = campaign.profile.series.single()
        assertEquals(Verdict.NOISY, series.verdict)
        assertTrue(series.warnings.last().endsWith("is wanted: not a result"), "${series.warnings}")
    }

    @Test
    fun `a block that was held back is left out and repeated, and where all are the series is throttled`() {
        val hot = listOf(conditions(), conditions(throttled = listOf("thermal status severe")))
        var campaign = begun().next(PASSED).next(Outcome.Answered(raw()), hot).next(raw()).next(raw())
        assertNull(campaign.task)
        var series = campaign.profile.series.single()
        assertEquals(Verdict.STEADY, series.verdict)
        assertEquals(listOf("block 0 is left out: held back by thermal status severe"), series.warnings)
        assertEquals(10, series.paths[0].totalMs.runs) // of the two that were kept
        campaign = begun().next(PASSED)
        repeat(4) { campaign = campaign.next(Outcome.Answered(raw()), hot) }
        series = campaign.profile.series.single()
        assertEquals(Verdict.THROTTLED, series.verdict)
        assertTrue(campaign.profile.complete)
    }

    @Test
    fun `a process that dies costs its lane that block and no other lane anything`() {
        var campaign = begun(lanes.take(2))
        repeat(2) { campaign = campaign.next(PASSED) }
        val victim = checkNotNull(campaign.task).course
        campaign = campaign.next(died)
        while (campaign.task != null) campaign = campaign.next(raw())
        assertEquals(listOf(Verdict.STEADY, Verdict.STEADY), campaign.profile.series.map { it.verdict })
        val warnings = campaign.courses[victim].series?.warnings
        assertEquals(listOf("a block came to nothing: its process was killed"), warnings)
    }

    @Test
    fun `two deaths in a row end a lane, and it keeps what it has`() {
        var campaign = begun().next(PASSED).next(raw()).next(died)
        assertNotNull(campaign.task)
        campaign = campaign.next(died)
        assertNull(campaign.task)
        val series = campaign.profile.series.single()
        assertEquals(Verdict.INCOMPLETE, series.verdict)
        assertEquals(2, series.warnings.count { it == "a block came to nothing: its process was killed" })
    }

    @Test
    fun `a lane that misses the golden outputs, or whose engine refuses, is in the warnings alone`() {
        val missed = begun().next(PASSED.copy(pathErrors = listOf(0.0, 0.5)))
        assertNull(missed.task)
        assertTrue(missed.profile.series.isEmpty())
        val told = "so its times mean nothing: off by 5.0e-01, 1e-04 is allowed; the gate errs on 0 of 2 images"
        assertEquals(listOf("sliced x1: misses the bundle's golden outputs, $told"), missed.profile.warnings)
        val refused = begun().next(Refused("LiteRT is not in this build"))
        assertNull(refused.task)
        assertEquals(listOf("sliced x1: LiteRT is not in this build"), refused.profile.warnings)
    }

    @Test
    fun `the fraction grows from nothing to all`() {
        var campaign = begun(lanes)
        val seen = arrayListOf(campaign.fraction)
        while (campaign.task != null) {
            campaign = campaign.next(if (campaign.task?.job is CheckJob) PASSED else raw())
            seen += campaign.fraction
        }
        assertEquals(0.0, seen.first())
        assertEquals(1.0, seen.last())
        assertEquals(seen.sorted(), seen)
    }
}
