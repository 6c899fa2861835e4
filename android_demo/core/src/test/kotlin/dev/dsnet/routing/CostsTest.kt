package dev.dsnet.routing

import dev.dsnet.DsnetException
import dev.dsnet.TestFolders
import dev.dsnet.bundle.Bundle
import kotlin.test.Test
import kotlin.test.assertContains
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith

class CostsTest {
    private val manifest = Bundle.open(TestFolders.bundle).manifest
    private val costs = maddsCosts(manifest)

    @Test
    fun `multiply-adds are the costs of a bundle that nothing has been measured of`() {
        assertEquals(14, costs.values.size)
        assertEquals(3321168.0, costs.values.first()) // of the demo model's slimmest path
        assertEquals(manifest.madds.map { it.toDouble() / manifest.madds.last() }, gatePolicy(manifest).lean)
    }

    @Test
    fun `a share is of what lies between the slimmest path and the widest, and heat lowers it`() {
        val (slimmest, widest) = costs.values.first() to costs.values.last()
        fun amount(share: Double, heat: Double = 1.0) = sharePolicy(manifest, costs, share, heat).budget?.amount
        assertEquals(slimmest, amount(0.0))
        assertEquals(widest, amount(1.0))
        assertEquals(slimmest + 0.25 * (widest - slimmest), amount(0.25))
        assertEquals(slimmest + 0.5 * 0.6 * (widest - slimmest), checkNotNull(amount(0.5, 0.6)), 1.0)
        assertEquals(listOf(widest, slimmest), listOf(amount(7.0), amount(-7.0)))
    }

    @Test
    fun `a budget that cannot be kept says what the slimmest path costs`() {
        fun complaint(work: () -> Policy): String = checkNotNull(assertFailsWith<DsnetException> { work() }.message)
        val ms = Costs(CostUnit.MS, List(14) { 2.0 + it })
        assertEquals(
            "a budget of 1.5 is below path 0, the slimmest, which costs 2.0 ms; allow that",
            complaint { budgetPolicy(manifest, ms, 1.5) },
        )
        assertContains(complaint { budgetPolicy(manifest, ms, Double.NaN) }, "a budget must be a finite number")
        assertContains(complaint { budgetPolicy(manifest, Costs(CostUnit.MS, listOf(1.0)), 1.5) }, "1 costs for 14 paths")
        assertContains(complaint { sharePolicy(manifest, Costs(CostUnit.MS, List(14) { 0.0 }), 0.5) }, "14 costs for 14 paths")
        assertContains(complaint { gatePolicy(manifest, Double.POSITIVE_INFINITY) }, "a bias must be a finite number")
    }
}
