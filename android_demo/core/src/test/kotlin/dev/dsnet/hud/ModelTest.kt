package dev.dsnet.hud

import dev.dsnet.run.Ranked
import kotlin.random.Random
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertFalse
import kotlin.test.assertNull
import kotlin.test.assertTrue

class ModelTest {
    @Test
    fun `a model says what the prediction does, and how wide the path is`() {
        val answer = checkNotNull(hudModel(Models.situation(), Models.prediction(13), Models.statistics()).answer)
        assertEquals(Ranked("espresso", 0.8714), answer.best)
        assertEquals(listOf("coffee mug", "soup bowl"), answer.runnersUp.map { it.label })
        assertEquals(PathView(13, 14, 1.0, 120_000_000L + 450_000L * 1280, false), answer.path)
    }

    @Test
    fun `the width counts the blocks that paths differ in, and no others`() {
        // Channels of path 0 of the test network: 16, 24 everywhere, then twice 448 of 1280.
        val answer = checkNotNull(hudModel(Models.situation(), Models.prediction(0), Models.statistics()).answer)
        assertEquals(0.35, answer.path.width, 1e-12)
        val single = checkNotNull(hudModel(Models.situation(1), Models.prediction(0, 1), Models.statistics(1)).answer)
        assertEquals(1.0, single.path.width)
    }

    @Test
    fun `a prediction of another bundle, or of nothing, is no answer`() {
        assertNull(hudModel(Models.situation(), Models.prediction(97, 256), Models.statistics()).answer)
        assertNull(hudModel(Models.situation(), Models.prediction().copy(path = -1), Models.statistics()).answer)
        assertNull(hudModel(Models.situation(), Models.prediction().copy(top = emptyList()), Models.statistics()).answer)
        assertNull(hudModel(Models.situation().copy(manifest = null), Models.prediction(), Models.statistics()).answer)
    }

    @Test
    fun `labels cannot break lines, hide text or turn it round`() {
        val label = "cat\n\u0007\u202Etac\u2066"
        val answer = checkNotNull(hudModel(Models.situation(), Models.prediction(label = label), Models.statistics()).answer)
        assertEquals("cat   tac", answer.best.label)
        val nameless = hudModel(Models.situation(), Models.prediction(label = "\n"), Models.statistics())
        assertEquals("(no name)", nameless.answer?.best?.label)
    }

    @Test
    fun `a paused screen has no rate`() {
        assertNull(models.getValue("paused").statistics.framesPerSecond)
        assertFalse("fps" in layout(models.getValue("paused"), view(360, 740), Theme.DARK, monospaced).toString())
    }

    @Test
    fun `nonsense makes a model all the same`() {
        val random = Random(1)
        repeat(2000) {
            val model = Hostile.model(random)
            assertTrue(model.heat in 0.0..1.0)
            assertTrue(spoken(model).isNotBlank())
        }
    }
}
