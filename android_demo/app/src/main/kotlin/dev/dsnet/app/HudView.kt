package dev.dsnet.app

import android.content.Context
import android.content.res.Configuration
import android.graphics.Canvas
import android.util.AttributeSet
import android.view.View
import dev.dsnet.hud.Command
import dev.dsnet.hud.HudModel
import dev.dsnet.hud.Insets
import dev.dsnet.hud.Theme
import dev.dsnet.hud.Viewport
import dev.dsnet.hud.announcement
import dev.dsnet.hud.layout
import dev.dsnet.hud.spoken

/** The HUD over the picture; to a screen reader, one sentence after the other. */
class HudView(context: Context, attributes: AttributeSet?) : View(context, attributes) {
    private val painter = Painter()
    private var model: HudModel? = null
    private var announced: HudModel? = null // at the last announcement
    private var commands: List<Command>? = null // null: to be laid out again

    /** What bars, cut-outs and controls cover. */
    var insets: Insets = Insets()
        set(value) {
            if (value == field) return
            field = value
            layOutAgain()
        }

    fun show(next: HudModel) {
        if (next == model) return
        model = next
        layOutAgain()
        announcement(announced, next)?.let { text ->
            announced = next
            @Suppress("DEPRECATION") // by API 36, which advises live regions: those would tell of every frame
            announceForAccessibility(text)
        }
    }

    /** Asked for when the reader is on the HUD, so that a frame tells nothing by itself. */
    override fun getContentDescription(): CharSequence = model?.let(::spoken) ?: ""

    override fun onSizeChanged(width: Int, height: Int, oldWidth: Int, oldHeight: Int) {
        super.onSizeChanged(width, height, oldWidth, oldHeight)
        commands = null
    }

    override fun onDraw(canvas: Canvas) {
        super.onDraw(canvas)
        val model = model ?: return
        val laidOut = commands ?: layout(model, viewport(), theme(), painter).also { commands = it }
        painter.draw(canvas, laidOut)
    }

    private fun layOutAgain() {
        commands = null
        invalidate()
    }

    private fun viewport(): Viewport {
        val scale = resources.configuration.fontScale
        return Viewport(width, height, insets, resources.displayMetrics.density, scale.coerceIn(1f, 2f))
    }

    private fun theme(): Theme {
        val night = resources.configuration.uiMode and Configuration.UI_MODE_NIGHT_MASK
        return if (night == Configuration.UI_MODE_NIGHT_YES) Theme.DARK else Theme.LIGHT
    }
}
