package dev.dsnet.routing

import dev.dsnet.TestFolders
import java.io.DataInputStream
import java.io.File
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertTrue

class PolicyTest {
    private val lean = listOf(0.4, 0.6, 1.0)
    private val costs = listOf(1.0, 1.5, 2.0)

    private fun budget(amount: Double) = Budget(CostUnit.MS, amount, costs)

    @Test
    fun `every image takes the path and gets the bias that it gets in Python`() {
        DataInputStream(File(TestFolders.golden, "routing.bin").inputStream().buffered()).use { stream ->
            val policies = stream.readInt()
            assertTrue(policies > 80)
            repeat(policies) { follow(stream, "policy $it") }
            assertEquals(-1, stream.read())
        }
    }

    private fun follow(stream: DataInputStream, what: String) {
        val nPaths = stream.readInt()
        val (lean, costs) = List(2) { List(nPaths) { stream.readDouble() } }
        val bias = stream.readDouble()
        val hasBudget = stream.readBoolean()
        val budget = Budget(CostUnit.MS, stream.readDouble(), costs).takeIf { hasBudget }
        val policy = Policy(lean, bias, budget)
        var state = initial(policy)
        repeat(stream.readInt()) { image ->
            val scores = FloatArray(nPaths) { stream.readFloat() }
            val amount = stream.readDouble()
            val now = policy.copy(budget = budget?.copy(amount = amount))
            if (budget != null) {
                val expected = if (image in 150 until 300) budget.lowered(0.5).amount else budget.amount
                assertEquals(amount, expected, "$what, image $image")
            }
            val choice = choose(now, state, scores)
            state = choice.state
            assertEquals(stream.readInt(), choice.path, "path of image $image, $what")
            assertEquals(stream.readDouble(), choice.bias, "bias of image $image, $what")
            assertEquals(stream.readDouble(), state.spent, "spent by image $image, $what")
        }
    }

    @Test
    fun `a bias is subtracted in proportion to the multiply-adds`() {
        // 0.30 - 0.4 b, 0.50 - 0.6 b, 0.60 - 1.0 b: equal at b = 1 (paths 0 and 1) and at b = 0.25 (paths 1 and 2).
        val paths = listOf(-1.0, 0.24, 0.26, 0.99, 1.01).map { bias ->
            val policy = Policy(lean, bias)
            choose(policy, initial(policy), floatArrayOf(0.30f, 0.50f, 0.60f)).path
        }
        assertEquals(listOf(2, 2, 1, 1, 0), paths)
    }

    @Test
    fun `a budget at an end leaves one path`() {
        assertEquals(listOf(0, 0, null, 2, 2), listOf(0.5, 1.0, 1.2, 2.0, 9.0).map { budget(it).onlyPath })
    }

    @Test
    fun `a lowered budget gives up a share of what lies above the slimmest path`() {
        assertEquals(1.4, budget(1.8).lowered(0.5).amount, 1e-12) // 1.0 + 0.5 x 0.8
        assertEquals(1.5, budget(9.0).lowered(0.5).amount, 1e-12)
        assertEquals(1.0, budget(1.8).lowered(0.0).amount)
    }

    @Test
    fun `the window holds copies of the latest scores`() {
        val policy = Policy(lean, budget = budget(1.3))
        val scores = FloatArray(3)
        var state = initial(policy)
        repeat(100) { image ->
            scores.fill(image.toFloat())
            state = choose(policy, state, scores).state
        }
        assertEquals((36..99).map { it.toDouble() }, state.window.map { it.last() })
    }
}
