package dev.dsnet.hud

import java.awt.Color
import java.awt.Font
import java.awt.GradientPaint
import java.awt.Graphics2D
import java.awt.GraphicsEnvironment
import java.awt.RenderingHints
import java.awt.font.FontRenderContext
import java.awt.geom.Rectangle2D
import java.awt.geom.RoundRectangle2D

/**
 * Draws the commands as an Android Canvas does, and measures text as its Paint does. In Roboto, a phone's font, where it is
 * installed.
 */
object AwtPainter : Measure {
    private val exact = FontRenderContext(null, true, true)
    private val families = GraphicsEnvironment.getLocalGraphicsEnvironment().availableFontFamilyNames.toSet()
    private val fonts = Weight.values().associateWith { weight ->
        val wanted = if (weight == Weight.MEDIUM) listOf("Roboto Medium", "DejaVu Sans") else listOf("Roboto", "DejaVu Sans")
        Font(wanted.firstOrNull { it in families } ?: Font.SANS_SERIF, Font.PLAIN, 1)
    }

    override fun width(text: String, size: Float, weight: Weight): Float =
        font(size, weight).getStringBounds(text, exact).width.toFloat()

    fun paint(commands: List<Command>, canvas: Graphics2D) {
        canvas.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON)
        canvas.setRenderingHint(RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON)
        canvas.setRenderingHint(RenderingHints.KEY_FRACTIONALMETRICS, RenderingHints.VALUE_FRACTIONALMETRICS_ON)
        canvas.setRenderingHint(RenderingHints.KEY_STROKE_CONTROL, RenderingHints.VALUE_STROKE_PURE)
        for (command in commands) {
            when (command) {
                is Command.Box -> canvas.paint(command)
                is Command.Fade -> canvas.paint(command)
                is Command.Text -> canvas.paint(command)
            }
        }
    }

    private fun Graphics2D.paint(command: Command.Box) {
        val (left, top, right, bottom) = command.box
        color = Color(command.colour, true)
        fill(RoundRectangle2D.Float(left, top, right - left, bottom - top, 2 * command.radius, 2 * command.radius))
    }

    private fun Graphics2D.paint(command: Command.Fade) {
        val (left, top, right, bottom) = command.box
        paint = GradientPaint(0f, top, Color(command.upper, true), 0f, bottom, Color(command.lower, true))
        fill(Rectangle2D.Float(left, top, right - left, bottom - top))
    }

    private fun Graphics2D.paint(command: Command.Text) {
        val wide = width(command.text, command.size, command.weight)
        val before = when (command.align) {
            Align.START -> 0f
            Align.CENTRE -> wide / 2
            Align.END -> wide
        }
        font = font(command.size, command.weight)
        color = Color(command.colour, true)
        drawString(command.text, command.x - before, command.baseline)
    }

    private fun font(size: Float, weight: Weight): Font = fonts.getValue(weight).deriveFont(size)
}
