package dev.dsnet.hud

import kotlin.math.pow
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertTrue

/** Contrast by the formulas of WCAG 2.1, over the darkest and the brightest picture that can lie below a card. */
class ThemeTest {
    private val themes = mapOf("dark" to Theme.DARK, "light" to Theme.LIGHT)

    private fun luminance(rgb: List<Double>): Double {
        val linear = rgb.map { if (it <= 0.03928) it / 12.92 else ((it + 0.055) / 1.055).pow(2.4) }
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    }

    private fun rgb(colour: Int): List<Double> = listOf(16, 8, 0).map { (colour shr it and 0xFF) / 255.0 }

    private fun over(colour: Int, below: List<Double>): List<Double> {
        val alpha = (colour ushr 24) / 255.0
        return rgb(colour).zip(below) { above, under -> alpha * above + (1 - alpha) * under }
    }

    /** The least, as the luminance of the background goes from that over black to that over white. */
    private fun contrast(colour: Int, card: Int): Double {
        val ends = listOf(0.0, 1.0).map { luminance(over(card, listOf(it, it, it))) }
        val own = luminance(rgb(colour))
        if (own in ends.min()..ends.max()) return 1.0
        return ends.minOf { (maxOf(it, own) + 0.05) / (minOf(it, own) + 0.05) }
    }

    @Test
    fun `the formula gives what the standard says of black on white`() {
        assertEquals(21.0, contrast(0xFF000000.toInt(), 0xFFFFFFFF.toInt()), 1e-9)
        assertEquals(4.54, contrast(0xFF767676.toInt(), 0xFFFFFFFF.toInt()), 0.005)
    }

    @Test
    fun `text has 4_5 to 1 over any picture`() {
        for ((name, theme) in themes) for (colour in with(theme) { listOf(text, quiet, warning, accent) }) {
            val found = contrast(colour, theme.card)
            assertTrue(found >= 4.5, "$name ${Integer.toHexString(colour)}: $found")
        }
    }

    @Test
    fun `bars have 3 to 1 over any picture`() {
        for ((name, theme) in themes) for (colour in theme.stages + theme.bar) {
            val found = contrast(colour, theme.card)
            assertTrue(found >= 3, "$name ${Integer.toHexString(colour)}: $found")
        }
    }

    @Test
    fun `whatever is drawn on a card is opaque and has a colour of the theme`() {
        for (theme in themes.values) for (model in models.values) {
            for (command in layout(model, view(360, 740), theme, monospaced)) {
                when (command) {
                    is Command.Text -> assertTrue(command.colour in with(theme) { listOf(text, quiet, warning, accent) })
                    is Command.Box -> assertTrue(command.colour in with(theme) { stages + bar + accent + card })
                    is Command.Fade -> assertTrue(command.upper == theme.scrim || command.lower == theme.scrim)
                }
            }
        }
    }
}
