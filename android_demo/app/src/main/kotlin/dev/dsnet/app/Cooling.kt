package dev.dsnet.app

import android.os.Build
import android.os.Handler
import android.os.PowerManager
import dev.dsnet.routing.Governor
import dev.dsnet.routing.Heat
import dev.dsnet.routing.govern
import dev.dsnet.screen.Event

/** Tells PowerManager's thermal status and what the governor makes of it. Before Android 10 there is none: a phone is cool. */
internal class Cooling(power: PowerManager, handler: Handler, private val send: (Event) -> Unit) : AutoCloseable {
    private var status = 0 // none
    private var heat = Heat()
    private var told: Event? = null
    private val unregister = register(power, handler)

    /** To be called every second. */
    fun tick() {
        heat = govern(Governor(), heat, System.nanoTime() / 1e9, status)
        val event = Event.ThermalChanged(status, heat.share)
        if (event == told) return
        told = event
        send(event)
    }

    override fun close(): Unit = unregister()

    private fun register(power: PowerManager, handler: Handler): () -> Unit {
        if (Build.VERSION.SDK_INT < 29) return {}
        val listener = PowerManager.OnThermalStatusChangedListener {
            status = it
            tick()
        }
        power.addThermalStatusListener({ handler.post(it) }, listener)
        return { power.removeThermalStatusListener(listener) }
    }
}
