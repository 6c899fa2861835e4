package dev.dsnet.hud

import kotlin.random.Random
import kotlin.test.Test
import kotlin.test.assertContains
import kotlin.test.assertEquals
import kotlin.test.assertFalse
import kotlin.test.assertTrue

class LayoutTest {
    private val measures = mapOf("monospaced" to monospaced, "fonts of this machine" to AwtPainter)

    private fun everywhere(
        check: (where: String, model: HudModel, view: Viewport, measure: Measure, commands: List<Command>) -> Unit,
    ) {
        for ((name, model) in models) for (view in views) for ((font, measure) in measures) {
            check("$name, $view, $font", model, view, measure, layout(model, view, Theme.DARK, measure))
        }
    }

    private fun free(view: Viewport): Rect = with(view) {
        Rect(insets.left.toFloat(), insets.top.toFloat(), (width - insets.right).toFloat(), (height - insets.bottom).toFloat())
    }

    private fun texts(commands: List<Command>): List<Command.Text> = commands.filterIsInstance<Command.Text>()

    private fun said(commands: List<Command>): String = texts(commands).joinToString(" ") { it.text }.replace('\u00A0', ' ')

    @Test
    fun `no two texts overlap`() = everywhere { where, _, _, measure, commands ->
        val boxes = texts(commands).map { it.text to box(it, measure) }
        for ((i, a) in boxes.withIndex()) for (b in boxes.drop(i + 1)) assertFalse(overlap(a.second, b.second), "$a, $b: $where")
    }

    @Test
    fun `every text lies on a card, and every card inside the insets`() = everywhere { where, _, view, measure, commands ->
        val cards = commands.filterIsInstance<Command.Box>().filter { it.colour == Theme.DARK.card }.map { it.box }
        for (card in cards) assertTrue(card in free(view), "$card: $where")
        for (text in texts(commands)) assertTrue(cards.any { box(text, measure) in it }, "${text.text}: $where")
        for ((i, a) in cards.withIndex()) for (b in cards.drop(i + 1)) assertFalse(overlap(a, b), where)
    }

    @Test
    fun `every bar lies on a card`() = everywhere { where, _, _, _, commands ->
        val (cards, bars) = commands.filterIsInstance<Command.Box>().partition { it.colour == Theme.DARK.card }
        for (bar in bars) assertTrue(cards.any { bar.box in it.box }, "${bar.box}: $where")
        for (box in cards + bars) assertTrue(box.radius in 0f..minOf(box.box.width, box.box.height) / 2 + HAIR, "$box: $where")
    }

    @Test
    fun `only a label is shortened, and no sentence loses a word`() = everywhere { where, model, _, _, commands ->
        val labels = model.answer?.let { listOf(it.best.label) + it.runnersUp.map { rank -> rank.label } }.orEmpty()
        for (text in texts(commands).filter { '…' in it.text }) {
            assertTrue(labels.any { it.startsWith(text.text.dropLast(1)) }, "${text.text}: $where")
        }
        model.message?.let { assertContains(said(commands), it, false, where) }
    }

    @Test
    fun `label, path and milliseconds are there on every phone`() = everywhere { where, model, _, _, commands ->
        val answer = model.answer
        if (model.message == null && answer != null) {
            val said = said(commands)
            assertContains(said, answer.best.label.take(4), false, where)
            assertContains(said, "87 %", false, where)
            assertContains(said, "Path ${answer.path.index} of 0–${answer.path.count - 1}", false, where)
            assertContains(said, ms(answer.timing.preprocessMs + answer.timing.networkMs).replace('\u00A0', ' '), false, where)
        }
    }

    @Test
    fun `a usual phone shows everything`() {
        for (view in listOf(view(360, 740, Insets(0, 24, 0, 48)), view(740, 360, Insets(0, 24, 40, 0)), view(800, 1280))) {
            val said = said(layout(models.getValue("warm"), view, Theme.DARK, monospaced))
            val heard = listOf("Sliced, 24 fps", "Warm, budget 60 %", "espresso", "Path 2", "0 slimmest", "widest 13")
            val measured = listOf("Prepare 1.3 ms", "Energy 12.4 mJ a frame, whole phone", "Budget 11.2 ms, spent 13.4 ms")
            for (piece in heard + measured) assertContains(said, piece, false, view.toString())
        }
    }

    @Test
    fun `heat is told on the smallest phone in the largest letters`() {
        val said = said(layout(models.getValue("warm"), view(320, 480, fontScale = 2f), Theme.DARK, monospaced))
        assertContains(said, "Warm, budget 60 %")
    }

    @Test
    fun `nothing moves when only digits change`() {
        val one = Models.normal()
        val answer = checkNotNull(one.answer)
        val timing = answer.timing.copy(preprocessMs = 2.25, suffixMs = 7.94)
        val other = one.copy(answer = answer.copy(timing = timing, best = answer.best.copy(probability = 0.43)))
        for (view in views) {
            val places = listOf(one, other).map { model ->
                texts(layout(model, view, Theme.DARK, AwtPainter)).map { listOf(it.x, it.baseline, it.size) }
            }
            assertEquals(places[0], places[1], view.toString())
        }
    }

    @Test
    fun `the theme changes colours only`() {
        for (view in views) {
            val shapes = listOf(Theme.DARK, Theme.LIGHT).map { theme ->
                layout(Models.normal(), view, theme, monospaced).map { command ->
                    when (command) {
                        is Command.Box -> command.copy(colour = 0)
                        is Command.Fade -> command.copy(upper = 0, lower = 0)
                        is Command.Text -> command.copy(colour = 0)
                    }
                }
            }
            assertEquals(shapes[0], shapes[1])
        }
    }

    @Test
    fun `whatever the model and the view are, all stays inside`() {
        val random = Random(6)
        repeat(2000) {
            val view = Viewport(
                random.nextInt(3000), random.nextInt(3000),
                Insets(random.nextInt(300), random.nextInt(300), random.nextInt(300), random.nextInt(300)),
                random.nextDouble(0.75, 4.0).toFloat(), random.nextDouble(1.0, 2.0).toFloat(),
            )
            val commands = layout(Hostile.model(random), view, Theme.LIGHT, monospaced)
            for (text in texts(commands)) assertTrue(box(text, monospaced) in free(view), "$text, $view")
            for (shape in commands.filterIsInstance<Command.Box>()) assertTrue(shape.box in free(view), "$shape, $view")
            val boxes = texts(commands).map { box(it, monospaced) }
            for ((i, a) in boxes.withIndex()) for (b in boxes.drop(i + 1)) assertFalse(overlap(a, b), "$a, $b, $view")
        }
    }
}
