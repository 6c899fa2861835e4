package dev.dsnet.app

import android.hardware.display.DisplayManager
import android.os.Handler
import android.view.View

private const val QUARTER = 90 // degrees of a step of Display.getRotation

/** Tells how the display of `view` stands, in degrees, whenever it may have changed: half a turn changes no configuration. */
internal class Turns(
    private val displays: DisplayManager,
    private val view: View,
    handler: Handler,
    private val onTurn: (Int) -> Unit,
) : DisplayManager.DisplayListener, AutoCloseable {
    init {
        displays.registerDisplayListener(this, handler)
        view.addOnLayoutChangeListener { _, _, _, _, _, _, _, _, _ -> tell() }
    }

    override fun onDisplayChanged(display: Int): Unit = tell()

    override fun onDisplayAdded(display: Int): Unit = Unit

    override fun onDisplayRemoved(display: Int): Unit = Unit

    override fun close(): Unit = displays.unregisterDisplayListener(this)

    private fun tell() {
        view.display?.let { onTurn(it.rotation * QUARTER) }
    }
}
