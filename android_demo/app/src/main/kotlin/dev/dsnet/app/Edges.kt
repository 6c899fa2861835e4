package dev.dsnet.app

import android.os.Build
import android.view.View
import android.view.WindowInsets
import dev.dsnet.hud.Insets

/** Draws behind the bars of the system; keeps HUD and controls clear of bars and cut-outs, and the HUD clear of the controls. */
internal class Edges(private val root: View, private val hud: HudView) {
    private var safe = Insets()
    private var controls: View? = null
    private var padding = Insets() // of the controls by themselves

    init {
        @Suppress("DEPRECATION") // its successor needs API 30
        root.systemUiVisibility = View.SYSTEM_UI_FLAG_LAYOUT_STABLE or
            View.SYSTEM_UI_FLAG_LAYOUT_FULLSCREEN or View.SYSTEM_UI_FLAG_LAYOUT_HIDE_NAVIGATION
        root.setOnApplyWindowInsetsListener { _, insets ->
            safe = safe(insets)
            place()
            insets
        }
    }

    /** These are the controls from now on. */
    fun onControls(view: View) {
        controls = view
        padding = Insets(view.paddingLeft, view.paddingTop, view.paddingRight, view.paddingBottom)
        view.addOnLayoutChangeListener { _, _, _, _, _, _, _, _, _ -> cover() }
        place()
    }

    private fun place() {
        controls?.run {
            val (left, top, right, bottom) = padding
            setPadding(left + safe.left, top, right + safe.right, bottom + safe.bottom)
        }
        cover()
    }

    private fun cover() {
        val view = controls ?: return
        val beside = view.width < root.width
        hud.insets = when {
            !beside -> safe.copy(bottom = maxOf(safe.bottom, root.height - view.top))
            view.left > 0 -> safe.copy(right = root.width - view.left)
            else -> safe.copy(left = view.right)
        }
    }
}

@Suppress("DEPRECATION") // their successors need API 30
private fun safe(insets: WindowInsets): Insets {
    val bars = with(insets) {
        Insets(systemWindowInsetLeft, systemWindowInsetTop, systemWindowInsetRight, systemWindowInsetBottom)
    }
    val cutout = (if (Build.VERSION.SDK_INT >= 28) insets.displayCutout else null) ?: return bars
    return Insets(
        maxOf(bars.left, cutout.safeInsetLeft), maxOf(bars.top, cutout.safeInsetTop),
        maxOf(bars.right, cutout.safeInsetRight), maxOf(bars.bottom, cutout.safeInsetBottom),
    )
}
