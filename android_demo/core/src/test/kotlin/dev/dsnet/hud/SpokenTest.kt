package dev.dsnet.hud

import dev.dsnet.run.Ranked
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertNull

class SpokenTest {
    private fun seen(label: String, probability: Double): HudModel {
        val normal = Models.normal()
        return normal.copy(answer = normal.answer?.copy(best = Ranked(label, probability)))
    }

    @Test
    fun `all there is to see is said, in words`() {
        assertEquals(
            "espresso, 87 percent. Or coffee mug, 9 percent, soup bowl, 2 percent. " +
                "Path 5 of 0 to 13, chosen by the gate: 60 percent wide. 13.5 milliseconds a frame with Sliced. " +
                "24 frames a second. 12.4 millijoules a frame, whole phone. " +
                "Budget 13.5 milliseconds, 13.4 milliseconds spent on average.",
            spoken(Models.normal()),
        )
    }

    @Test
    fun `what is not there is said so`() {
        assertEquals("Waiting for the first frame. Sliced.", spoken(models.getValue("waiting")))
        assertEquals("Another app is using the camera; close that app.", spoken(models.getValue("message")))
        assertEquals(true, "No energy: charging." in spoken(models.getValue("no-energy")))
        assertEquals(true, spoken(models.getValue("paused")).startsWith("Paused. espresso"))
        assertEquals(true, "pinned" in spoken(models.getValue("long-label")))
        assertEquals(true, spoken(models.getValue("warm")).endsWith("The phone is warm; the budget is lowered to 60 percent."))
    }

    @Test
    fun `numbers that change are no news`() {
        val other = hudModel(Models.situation(), Models.prediction(9), Models.statistics().copy(framesPerSecond = 12.0))
        assertNull(announcement(Models.normal(), other))
        assertNull(announcement(seen("cat", 0.9), seen("cat", 0.55)))
    }

    @Test
    fun `another thing in front of the camera is news, a guess is not`() {
        assertEquals("dog", announcement(seen("cat", 0.9), seen("dog", 0.6)))
        assertNull(announcement(seen("cat", 0.9), seen("dog", 0.4)))
        assertEquals("cat", announcement(null, seen("cat", 0.9)))
        assertNull(announcement(null, models.getValue("waiting")))
    }

    @Test
    fun `trouble is told once, and its end by what is seen`() {
        val trouble = models.getValue("message")
        assertEquals(trouble.message, announcement(Models.normal(), trouble))
        assertNull(announcement(trouble, trouble))
        assertEquals("espresso", announcement(trouble, Models.normal()))
    }

    @Test
    fun `pause and heat are told when they begin and when they end`() {
        val paused = models.getValue("paused")
        assertEquals("Paused.", announcement(Models.normal(), paused))
        assertNull(announcement(paused, paused))
        assertEquals("Going on.", announcement(paused, Models.normal()))
        val warm = Models.normal().copy(heat = 0.6)
        assertEquals("The phone is warm; the budget is lowered to 60 percent.", announcement(Models.normal(), warm))
        assertNull(announcement(warm, warm.copy(heat = 0.36)))
        assertEquals("The phone is cool again; the whole budget is back.", announcement(warm, Models.normal()))
    }
}
