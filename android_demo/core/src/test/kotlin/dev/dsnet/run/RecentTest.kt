package dev.dsnet.run

import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertNull

class RecentTest {
    private fun prediction(path: Int, ms: Double) =
        Prediction(listOf(Ranked("cat", 1.0)), path, true, 1, Timing(9.0, ms / 2, ms / 4, ms / 4), listOf(0f), 0.0, null)

    private fun after(frames: Int, everyS: Double): Recent =
        (0 until frames).fold(Recent(3)) { recent, index -> recent.after(prediction(index % 2, 4.0 + index), index * everyS) }

    @Test
    fun `frames per second are those of the latest two seconds`() {
        assertNull(Recent(3).framesPerSecond)
        assertNull(after(1, 0.1).framesPerSecond)
        assertEquals(10.0, checkNotNull(after(100, 0.1).framesPerSecond), 1e-9)
        val slower = after(100, 0.1).after(prediction(0, 1.0), 11.4) // 9.4 to 9.9 s, and then a pause
        assertEquals(6 / 2.0, checkNotNull(slower.framesPerSecond), 1e-9)
        assertNull(after(2, 0.0).framesPerSecond)
    }

    @Test
    fun `the histogram and the times are of the latest 120 frames`() {
        assertEquals(listOf(0, 0, 0), Recent(3).histogram)
        assertEquals(listOf(3, 2, 0), after(5, 0.1).histogram)
        assertEquals(listOf(60, 60, 0), after(1000, 0.1).histogram)
        assertEquals(listOf(4.0, 5.0, 6.0), after(3, 0.1).recentMs)
        assertEquals((884..1003).map { it.toDouble() }, after(1000, 0.1).recentMs)
        assertEquals(listOf(0, 0, 0), Recent(3).after(prediction(7, 1.0), 0.0).histogram)
    }
}
