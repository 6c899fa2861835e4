package dev.dsnet.screen

import kotlin.test.assertEquals
import kotlin.test.assertFalse
import kotlin.test.assertNull
import kotlin.test.assertTrue

/**
 * What an Activity, a camera and an engine would be, as far as a screen can do wrong by them: it does the effects and fails where
 * one asks for what cannot be. It knows the facts from the events alone, not from the screen.
 */
class World(start: Screen = Screen()) {
    var screen: Screen = start
        private set
    var camera: Thing? = null
        private set
    var engine: Thing? = null
        private set
    var bundle: Thing? = null
        private set
    var wake: Effect.WakeCamera? = null
        private set
    var running: Steering? = null
        private set
    val effects = mutableListOf<Effect>() // of all events

    private var resumed = false
    private var allowed = false
    private var surface = false
    private var paused = start.settings.paused
    private var destroyed = false
    private val tickets = mutableSetOf<Int>()

    /** Something that is open, or being opened. */
    data class Thing(val ticket: Int, val open: Boolean)

    fun send(vararg events: Event): World {
        for (event in events) {
            happens(event)
            val before = screen
            val next = reduce(before, event)
            if (destroyed && event !is Event.Destroyed) {
                assertEquals(before, next.screen)
                assertEquals(emptyList(), next.effects)
            }
            screen = next.screen
            effects += next.effects
            next.effects.forEach(::perform)
            check()
        }
        return this
    }

    /** Effects of one event alone. */
    fun effectsOf(event: Event): List<Effect> {
        val before = effects.size
        send(event)
        return effects.drop(before)
    }

    private fun happens(event: Event) {
        when (event) {
            is Event.Resumed -> {
                resumed = true
                allowed = event.cameraAllowed
            }
            is Event.Paused, is Event.Stopped, is Event.Started -> resumed = false
            is Event.Destroyed -> {
                resumed = false
                destroyed = true
            }
            is Event.PermissionAnswered -> allowed = event.permission == Permission.GRANTED
            is Event.SurfaceReady -> surface = true
            is Event.SurfaceGone -> surface = false
            is Event.PausePressed -> paused = !paused
            is Event.CameraOpened -> camera = camera?.let { if (it.ticket == event.ticket) it.copy(open = true) else it }
            is Event.CameraFailed -> if (camera == Thing(event.ticket, false)) camera = null
            is Event.EngineOpened -> engine = engine?.let { if (it.ticket == event.ticket) it.copy(open = true) else it }
            is Event.EngineFailed -> if (engine == Thing(event.ticket, false)) engine = null
            is Event.BundleOpened -> bundle = bundle?.let { if (it.ticket == event.ticket) it.copy(open = true) else it }
            is Event.BundleFailed -> if (bundle == Thing(event.ticket, false)) bundle = null
            else -> Unit
        }
    }

    private fun perform(effect: Effect) {
        when (effect) {
            is Effect.OpenCamera -> {
                assertNull(camera, "a second camera")
                camera = Thing(fresh(effect.ticket), false)
            }
            is Effect.CloseCamera -> {
                assertEquals(effect.ticket, camera?.ticket, "closes what is not open")
                assertNull(running, "frames still run")
                camera = null
            }
            is Effect.WakeCamera -> {
                assertTrue(effect.afterMs in 1..10_000)
                wake = effect
            }
            is Effect.OpenBundle -> bundle = Thing(fresh(effect.ticket), false)
            is Effect.OpenEngine -> {
                assertNull(engine, "a second engine")
                assertEquals(true, bundle?.open, "no bundle")
                engine = Thing(fresh(effect.ticket), false)
            }
            is Effect.CloseEngine -> {
                assertEquals(effect.ticket, engine?.ticket, "closes what is not open")
                assertNull(running, "frames still run")
                engine = null
            }
            is Effect.StartInference -> {
                assertNull(running, "runs already")
                assertEquals(Thing(effect.ticket, true), engine)
                assertEquals(true, camera?.open)
                running = effect.steering
            }
            is Effect.StopInference -> {
                assertTrue(running != null && effect.ticket == engine?.ticket, "nothing runs")
                running = null
            }
            is Effect.Steer -> {
                assertTrue(running != null && running != effect.steering, "steers nothing")
                running = effect.steering
            }
            is Effect.ShowBenchmark -> assertTrue(camera == null && engine == null, "the benchmark is not alone")
            is Effect.RequestPermission, is Effect.ShowSettings -> assertTrue(resumed)
            is Effect.Turn, is Effect.ShowBundles -> Unit
        }
    }

    private fun fresh(ticket: Int): Int = ticket.also { assertTrue(tickets.add(it), "ticket $it twice") }

    private fun check() {
        assertFalse(camera != null && !(resumed && allowed && surface && !paused), "camera open: $screen")
        assertFalse(destroyed && (camera != null || engine != null || running != null), "left open: $screen")
        assertEquals(running, screen.running)
        assertFalse(screen.prediction != null && engine == null, "a prediction of no engine")
    }
}
