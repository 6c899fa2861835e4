package dev.dsnet.app

import android.graphics.Canvas
import android.graphics.LinearGradient
import android.graphics.Paint
import android.graphics.Shader
import android.graphics.Typeface
import dev.dsnet.hud.Align
import dev.dsnet.hud.Command
import dev.dsnet.hud.Measure
import dev.dsnet.hud.Weight

/** Draws the HUD's commands on a Canvas, and measures text as it draws it. */
internal class Painter : Measure {
    private val shape = Paint(Paint.ANTI_ALIAS_FLAG)
    private val fade = Paint()
    private val regular = letters("sans-serif")
    private val medium = letters("sans-serif-medium")

    override fun width(text: String, size: Float, weight: Weight): Float = paint(weight, size).measureText(text)

    fun draw(canvas: Canvas, commands: List<Command>) {
        for (command in commands) {
            when (command) {
                is Command.Box -> draw(canvas, command)
                is Command.Fade -> draw(canvas, command)
                is Command.Text -> draw(canvas, command)
            }
        }
    }

    private fun draw(canvas: Canvas, command: Command.Box) {
        shape.color = command.colour
        with(command.box) { canvas.drawRoundRect(left, top, right, bottom, command.radius, command.radius, shape) }
    }

    private fun draw(canvas: Canvas, command: Command.Fade) = with(command.box) {
        fade.shader = LinearGradient(0f, top, 0f, bottom, command.upper, command.lower, Shader.TileMode.CLAMP)
        canvas.drawRect(left, top, right, bottom, fade)
    }

    private fun draw(canvas: Canvas, command: Command.Text) {
        val paint = paint(command.weight, command.size)
        paint.color = command.colour
        paint.textAlign = when (command.align) {
            Align.START -> Paint.Align.LEFT
            Align.CENTRE -> Paint.Align.CENTER
            Align.END -> Paint.Align.RIGHT
        }
        canvas.drawText(command.text, command.x, command.baseline, paint)
    }

    private fun paint(weight: Weight, size: Float): Paint {
        val paint = if (weight == Weight.MEDIUM) medium else regular
        paint.textSize = size
        return paint
    }

    /** With digits of one width, so that numbers do not jump. */
    private fun letters(family: String): Paint = Paint(Paint.ANTI_ALIAS_FLAG).apply {
        typeface = Typeface.create(family, Typeface.NORMAL)
        fontFeatureSettings = "tnum"
    }
}
