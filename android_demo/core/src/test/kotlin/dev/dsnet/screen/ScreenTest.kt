package dev.dsnet.screen

import dev.dsnet.engine.Backend
import dev.dsnet.run.Prediction
import dev.dsnet.run.Ranked
import dev.dsnet.run.Timing
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertFalse
import kotlin.test.assertNull
import kotlin.test.assertTrue

class ScreenTest {
    private val prediction = Prediction(listOf(Ranked("cat", 0.9)), 3, true, 1, Timing(1.0, 1.0, 1.0, 1.0), listOf(1f), 0.0, null)
    private val asTrained = Steering(null, null, 1.0)

    @Test
    fun `frames run when bundle, engine and camera are open, in whatever order they open`() {
        val world = World().send(Event.Started, Event.Resumed(true), Event.SurfaceReady)
        world.send(Event.CameraOpened(world.cameraTicket), Event.BundleOpened(1, 14))
        assertNull(world.running)
        assertEquals(
            listOf<Effect>(Effect.StartInference(world.engineTicket, asTrained)),
            world.effectsOf(Event.EngineOpened(world.engineTicket)),
        )
        assertEquals(asTrained, running().running)
    }

    @Test
    fun `paused, the camera is closed and the engine kept, and when stopped that is closed too`() {
        val world = running()
        val (camera, engine) = world.cameraTicket to world.engineTicket
        assertEquals(listOf(Effect.StopInference(engine), Effect.CloseCamera(camera)), world.effectsOf(Event.Paused))
        assertEquals(listOf<Effect>(Effect.CloseEngine(engine)), world.effectsOf(Event.Stopped))
        assertEquals(emptyList(), world.effectsOf(Event.Destroyed))
    }

    @Test
    fun `destroyed while all runs, everything is closed in order, once`() {
        val world = running()
        val (camera, engine) = world.cameraTicket to world.engineTicket
        val closing = listOf(Effect.StopInference(engine), Effect.CloseCamera(camera), Effect.CloseEngine(engine))
        assertEquals(closing, world.effectsOf(Event.Destroyed))
        assertEquals(emptyList(), world.effectsOf(Event.Resumed(true)) + world.effectsOf(Event.Destroyed))
    }

    @Test
    fun `a bundle that is missing, damaged or too new is told, and another may be chosen`() {
        for (fault in BundleFault.values()) {
            val world = World().send(Event.Started, Event.Resumed(true), Event.SurfaceReady)
            world.send(Event.BundleFailed(world.bundleTicket, fault, "manifest.json: field"))
            assertEquals("manifest.json: field", message(world.screen)?.text)
            assertNull(world.engine)
            world.send(Event.BundleChosen("other"))
            assertNull(message(world.screen))
            assertEquals(Effect.OpenBundle(world.bundleTicket, "other"), world.effects.last())
        }
    }

    @Test
    fun `the button of a bundle's message shows the bundles`() {
        val world = World().send(Event.Started, Event.Resumed(true), Event.BundleFailed(1, BundleFault.CORRUPT))
        assertEquals(listOf<Effect>(Effect.ShowBundles), world.effectsOf(Event.ActionPressed))
    }

    @Test
    fun `another bundle closes the engine before its own is opened, and lets go of the pinned path`() {
        val world = running().send(Event.PathPinned(13))
        val old = world.engineTicket
        val effects = world.effectsOf(Event.BundleChosen("other"))
        assertEquals(listOf(Effect.StopInference(old), Effect.CloseEngine(old)), effects.dropLast(1))
        assertNull(world.screen.settings.path)
        world.send(Event.BundleOpened(world.bundleTicket, 4))
        assertTrue(world.engineTicket != old)
    }

    @Test
    fun `a name that leaves the folder of bundles is no bundle`() {
        val world = running().send(Event.BundleChosen("../../secret"))
        assertEquals(0, world.effects.count { it is Effect.OpenBundle && it.name != null })
        assertEquals(Action.CHOOSE_BUNDLE, message(world.screen)?.action)
        assertNull(world.screen.settings.bundle)
    }

    @Test
    fun `another engine is opened when the first is closed, with the frames stopped in between`() {
        val world = running()
        val old = world.engineTicket
        val effects = world.effectsOf(Event.EngineChosen(Backend.LITERT))
        val new = world.engineTicket
        assertEquals(listOf(Effect.StopInference(old), Effect.CloseEngine(old), Effect.OpenEngine(new, Backend.LITERT)), effects)
        assertEquals(emptyList(), world.effectsOf(Event.EngineChosen(Backend.LITERT)))
    }

    @Test
    fun `an engine that is not in this build gives way to ours`() {
        val world = running().send(Event.EngineChosen(Backend.EXECUTORCH))
        val reason = "ExecuTorch is not in this build; use another engine"
        world.send(Event.EngineFailed(world.engineTicket, EngineFault.FAILED, reason))
        assertEquals(Message(reason, Action.USE_SLICED), message(world.screen))
        world.send(Event.ActionPressed)
        assertEquals(Effect.OpenEngine(world.engineTicket, Backend.SLICED), world.effects.last())
    }

    @Test
    fun `an engine that fails while it runs is closed once, and tried again by the button`() {
        for (fault in EngineFault.values()) {
            val world = running()
            val ticket = world.engineTicket
            world.send(Event.Predicted(ticket, prediction))
            val effects = world.effectsOf(Event.EngineFailed(ticket, fault))
            assertEquals(listOf(Effect.StopInference(ticket), Effect.CloseEngine(ticket)), effects)
            assertEquals(emptyList(), world.effectsOf(Event.EngineFailed(ticket, fault)))
            assertNull(world.screen.prediction)
            assertEquals(Action.RETRY, message(world.screen)?.action)
            world.send(Event.ActionPressed)
            assertTrue(world.engineTicket != ticket)
        }
    }

    @Test
    fun `predictions count while frames run, and only those of this engine`() {
        val world = running()
        world.send(Event.Predicted(world.engineTicket - 1, prediction))
        assertNull(world.screen.prediction)
        world.send(Event.Predicted(world.engineTicket, prediction))
        assertEquals(prediction, world.screen.prediction)
        world.send(Event.PausePressed, Event.Predicted(world.engineTicket, prediction.copy(path = 9)))
        assertEquals(3, world.screen.prediction?.path)
    }

    @Test
    fun `budget, pinned path and heat steer the running frames, and what changes nothing is not sent`() {
        val world = running()
        assertEquals(listOf<Effect>(Effect.Steer(Steering(4, null, 1.0))), world.effectsOf(Event.PathPinned(4)))
        assertEquals(emptyList(), world.effectsOf(Event.PathPinned(14)) + world.effectsOf(Event.PathPinned(-1)))
        assertEquals(listOf<Effect>(Effect.Steer(Steering(null, 0.25, 1.0))), world.effectsOf(Event.BudgetChanged(0.25)))
        assertEquals(emptyList(), world.effectsOf(Event.BudgetChanged(0.25)))
        assertEquals(listOf<Effect>(Effect.Steer(Steering(null, 0.25, 0.6))), world.effectsOf(Event.ThermalChanged(3, 0.6)))
        assertEquals(emptyList(), world.effectsOf(Event.ThermalChanged(2, 0.6)))
        assertEquals(listOf<Effect>(Effect.Steer(Steering(null, 1.0, 0.6))), world.effectsOf(Event.BudgetChanged(7.0)))
        assertEquals(listOf<Effect>(Effect.Steer(Steering(null, null, 0.6))), world.effectsOf(Event.BudgetChanged(Double.NaN)))
        assertEquals(listOf<Effect>(Effect.Steer(asTrained)), world.effectsOf(Event.ThermalChanged(0, Double.NaN)))
    }

    @Test
    fun `a pinned path that the bundle does not have is let go`() {
        val world = World(restored(mapOf("path" to "13"))).send(Event.Started, Event.BundleOpened(1, 4))
        assertNull(world.screen.settings.path)
    }

    @Test
    fun `an emergency of heat rests the camera until it is over`() {
        val world = running().send(Event.ThermalChanged(5, 0.0))
        assertNull(world.camera)
        assertTrue(message(world.screen) != null)
        world.send(Event.ThermalChanged(4, 0.0))
        assertTrue(world.camera != null)
    }

    @Test
    fun `paused by the user, all rests and the last answer stays`() {
        val world = running().apply { send(Event.Predicted(engineTicket, prediction)) }
        world.send(Event.PausePressed)
        assertNull(world.camera)
        assertEquals(prediction, world.screen.prediction)
        world.send(Event.PausePressed)
        assertTrue(world.camera != null)
    }

    @Test
    fun `the benchmark has the phone for itself, and the camera comes back afterwards`() {
        val world = running()
        assertEquals(Effect.ShowBenchmark, world.effectsOf(Event.BenchmarkStarted).last())
        assertTrue(world.camera == null && world.engine == null)
        assertFalse(Effect.ShowBenchmark in world.effectsOf(Event.BenchmarkStarted).drop(1))
        world.send(Event.Paused, Event.Stopped, Event.BenchmarkFinished, Event.Started, Event.Resumed(true))
        assertTrue(world.camera != null && world.engine != null)
    }

    @Test
    fun `the picture is turned when the display is`() {
        val world = running()
        assertEquals(listOf<Effect>(Effect.Turn(90)), world.effectsOf(Event.Rotated(90)))
        assertEquals(emptyList(), world.effectsOf(Event.Rotated(90)))
    }
}
