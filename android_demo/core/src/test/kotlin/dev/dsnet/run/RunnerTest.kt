package dev.dsnet.run

import dev.dsnet.DsnetException
import dev.dsnet.TestFolders
import dev.dsnet.bundle.Bundle
import dev.dsnet.engine.Backend
import dev.dsnet.engine.Engine
import dev.dsnet.engine.EngineException
import dev.dsnet.image.RgbImage
import dev.dsnet.routing.CostUnit
import dev.dsnet.routing.Costs
import dev.dsnet.routing.budgetPolicy
import dev.dsnet.routing.gatePolicy
import dev.dsnet.routing.maddsCosts
import dev.dsnet.routing.sharePolicy
import java.nio.FloatBuffer
import kotlin.test.Test
import kotlin.test.assertContains
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertNull

class RunnerTest {
    private val bundle = Bundle.open(TestFolders.bundle)
    private val manifest = bundle.manifest
    private val grey = RgbImage(40, 40, ByteArray(4800) { 100 })

    /**
     * Arithmetic instead of a network: the gate likes the path that the image's brightness names, and a suffix the class of its
     * path.
     */
    private inner class Arithmetic(val nScores: Int = 14, val logit: Float = 2f) : Engine {
        override val backend = Backend.SLICED
        override val runtime = "arithmetic"
        override val image: FloatBuffer = FloatBuffer.allocate(32 * 32 * 3)
        private var brightness = 0f
        private val scores = FloatArray(nScores)

        override fun prefix() {
            brightness = image.get(0)
        }

        override fun gate(): FloatArray {
            for (path in scores.indices) scores[path] = -Math.abs(path - 6 - 2 * brightness)
            return scores
        }

        override fun suffix(path: Int) = FloatArray(10) { if (it == path % 10) logit else 0f }

        override fun close() = Unit
    }

    @Test
    fun `a prediction is of the path that the gate chose`() {
        val prediction = Runner(bundle, Arithmetic()).photo(grey)
        // (100 / 255 - 0.4914) / 0.247 = -0.402: nearest to 6 - 0.80 is path 5.
        assertEquals(5, prediction.path)
        assertEquals(true, prediction.routed)
        assertEquals(manifest.paths[5].madds, prediction.madds)
        assertEquals(listOf(bundle.labels[5], bundle.labels[0], bundle.labels[1]), prediction.top.map { it.label })
        assertEquals(Math.exp(2.0) / (Math.exp(2.0) + 9), prediction.top.first().probability, 1e-12)
        assertEquals(14, prediction.scores.size)
        assertNull(prediction.spent)
        with(prediction.timing) { assertEquals(prefixMs + gateMs + suffixMs, networkMs) }
    }

    @Test
    fun `the caller's path is taken without the gate's consent, or refused`() {
        val runner = Runner(bundle, Arithmetic(), count = 1)
        val prediction = runner.photo(grey, 13)
        assertEquals(listOf(13, false, 0.0), listOf(prediction.path, prediction.routed, prediction.bias))
        assertEquals(listOf(bundle.labels[3]), prediction.top.map { it.label })
        for (path in listOf(-1, 14)) {
            val error = assertFailsWith<DsnetException> { runner.photo(grey, path) }
            assertContains(checkNotNull(error.message), "has paths 0 to 13")
        }
    }

    @Test
    fun `a policy can be exchanged between two pictures`() {
        val runner = Runner(bundle, Arithmetic())
        runner.policy = gatePolicy(manifest, -1000.0)
        assertEquals(13, runner.photo(grey).path)
        runner.policy = sharePolicy(manifest, maddsCosts(manifest), 0.0)
        val slim = List(5) { runner.photo(grey) }
        assertEquals(setOf(0), slim.map { it.path }.toSet())
        assertEquals(manifest.paths[0].madds.toDouble(), slim.last().spent)
        runner.policy = sharePolicy(manifest, maddsCosts(manifest), 1.0) // the account goes on
        val wide = runner.photo(grey)
        assertEquals((5.0 * manifest.paths[0].madds + manifest.paths[13].madds) / 6, checkNotNull(wide.spent), 1e-6)
        runner.policy = budgetPolicy(manifest, Costs(CostUnit.MS, List(14) { 1.0 + it }), 14.0) // in another unit, it begins anew
        assertEquals(14.0, runner.photo(grey).spent)
    }

    @Test
    fun `a budget is what pictures cost on average`() {
        val runner = Runner(bundle, Arithmetic())
        val costs = maddsCosts(manifest)
        runner.policy = sharePolicy(manifest, costs, 0.4)
        val taken = List(400) { runner.photo(grey).path }
        val budget = checkNotNull(runner.policy.budget)
        assertEquals(budget.amount, taken.map { costs.values[it] }.average(), 0.01 * budget.amount)
    }

    @Test
    fun `an engine that gives other numbers than it should is an error that names it`() {
        fun complaint(engine: Engine): String =
            checkNotNull(assertFailsWith<EngineException> { Runner(bundle, engine).photo(grey) }.message)
        assertContains(complaint(Arithmetic(nScores = 3)), "Sliced gives 3 scores, ")
        assertContains(complaint(Arithmetic(logit = Float.NaN)), "Sliced gives logits that are not finite")
    }
}
