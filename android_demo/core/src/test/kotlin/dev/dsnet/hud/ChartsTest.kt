package dev.dsnet.hud

import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertTrue

class ChartsTest {
    private fun histogram(counts: List<Int>, path: PathView, view: Viewport = view(411, 891)): List<Command.Box> {
        val pen = Pen(view, Theme.DARK, monospaced)
        return pen.histogram(0, counts, path, 900f).draw(0f, 0f).filterIsInstance<Command.Box>()
    }

    private fun path(index: Int, count: Int) = PathView(index, count, 0.5, 1_000_000, false)

    @Test
    fun `bars are as high as frames took their paths, from left to right, with this frame's in its colour`() {
        val bars = histogram(listOf(10, 40, 20, 30), path(2, 4)).sortedBy { it.box.left }
        val highest = bars.maxOf { it.box.height }
        assertEquals(listOf(0.25f, 1f, 0.5f, 0.75f), bars.map { it.box.height / highest })
        assertEquals(listOf(2), bars.indices.filter { bars[it].colour == Theme.DARK.accent })
        assertEquals(1, bars.map { it.box.bottom }.distinct().size)
    }

    @Test
    fun `every path has a bar, and the one of this frame can be seen among 256`() {
        for (index in listOf(0, 97, 255)) {
            val bars = histogram(List(256) { if (it == 3) 500 else 0 }, path(index, 256))
            assertEquals(256, bars.size)
            val marked = bars.last()
            assertEquals(Theme.DARK.accent, marked.colour)
            assertTrue(marked.box.width >= 5 && marked.box.height >= 10, marked.box.toString())
            assertTrue(bars.all { it.box.left >= 0 && it.box.right <= 900 && it.box.width > 0 })
        }
    }

    @Test
    fun `counts of other paths than there are do no harm`() {
        assertEquals(14, histogram(emptyList(), path(0, 14)).size)
        assertEquals(14, histogram(List(20) { -it }, path(13, 14)).size)
    }

    @Test
    fun `stages are as long as they take, and what takes nothing is not there`() {
        val pen = Pen(view(360, 740, density = 1f), Theme.DARK, monospaced)
        val parts = pen.stagesBar(listOf(1.0, 3.0, 0.0, 4.0), 800f, 10f, 0f).filterIsInstance<Command.Box>()
        assertEquals(listOf(10f to 109f, 110f to 409f, 410f to 810f), parts.map { it.box.left to it.box.right })
        assertEquals(listOf(0, 1, 3).map { Theme.DARK.stages[it] }, parts.map { it.colour })
        for (value in listOf(0.0, -1.0, Double.NaN, Double.POSITIVE_INFINITY)) {
            assertEquals(emptyList(), pen.stagesBar(List(4) { value }, 800f, 0f, 0f))
        }
    }
}
