package dev.dsnet.screen

import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertNull
import kotlin.test.assertTrue

class PermissionAndCameraTest {
    @Test
    fun `the first start asks for the camera once, and opens it with the answer`() {
        val world = World()
        assertEquals(listOf<Effect>(Effect.OpenBundle(1, null)), world.effectsOf(Event.Started))
        assertEquals(listOf<Effect>(Effect.RequestPermission), world.effectsOf(Event.Resumed(false)))
        world.send(Event.SurfaceReady, Event.Paused)
        assertEquals(emptyList(), world.effectsOf(Event.PermissionAnswered(Permission.GRANTED)))
        assertEquals(listOf<Effect>(Effect.OpenCamera(2)), world.effectsOf(Event.Resumed(true)))
        assertEquals(1, world.effects.count { it is Effect.RequestPermission })
    }

    @Test
    fun `a refusal is explained, and asked again only by the button`() {
        val world = World().send(Event.Started, Event.Resumed(false), Event.SurfaceReady)
        world.send(Event.PermissionAnswered(Permission.DENIED))
        assertEquals(Action.ALLOW, message(world.screen)?.action)
        assertEquals(emptyList(), world.effectsOf(Event.Paused) + world.effectsOf(Event.Resumed(false)))
        assertEquals(listOf<Effect>(Effect.RequestPermission), world.effectsOf(Event.ActionPressed))
        assertNull(message(world.screen))
    }

    @Test
    fun `a refusal for ever leads to the settings, and what is allowed there counts`() {
        val world = World().send(Event.Started, Event.Resumed(false), Event.SurfaceReady)
        world.send(Event.PermissionAnswered(Permission.DENIED_FOR_EVER))
        assertEquals(Action.OPEN_SETTINGS, message(world.screen)?.action)
        assertEquals(listOf<Effect>(Effect.ShowSettings), world.effectsOf(Event.ActionPressed))
        world.send(Event.Paused, Event.Stopped, Event.Started, Event.Resumed(true))
        assertTrue(world.camera != null)
        assertNull(message(world.screen))
    }

    @Test
    fun `a dialog that went away without an answer does not leave the screen without a word`() {
        val world = World().send(Event.Started, Event.Resumed(false), Event.Paused, Event.Resumed(false))
        assertEquals(Action.ALLOW, message(world.screen)?.action)
    }

    @Test
    fun `a permission taken back in the background is asked for again`() {
        val world = running().send(Event.Paused)
        assertEquals(listOf<Effect>(Effect.RequestPermission), world.effectsOf(Event.Resumed(false)))
        assertNull(world.camera)
    }

    @Test
    fun `what opens after it was given up is not taken for the new one`() {
        val world = World().send(Event.Started, Event.Resumed(true), Event.SurfaceReady)
        val first = world.cameraTicket
        assertEquals(listOf<Effect>(Effect.CloseCamera(first)), world.effectsOf(Event.SurfaceGone))
        world.send(Event.SurfaceReady)
        world.send(Event.CameraOpened(first), Event.CameraFailed(first, CameraFault.ERROR))
        world.send(Event.FirstFrame(first), Event.CameraDue(first))
        assertEquals(CameraState.Opening(world.cameraTicket), world.screen.camera)
    }

    @Test
    fun `a lost camera is tried again after longer and longer waits, and at last not any more`() {
        val world = running()
        val waits = mutableListOf<Long>()
        while (world.camera != null) {
            world.send(Event.CameraFailed(world.cameraTicket, CameraFault.IN_USE))
            if (world.screen.camera is CameraState.Failed) break
            val wake = checkNotNull(world.wake)
            waits += wake.afterMs
            world.send(Event.CameraDue(wake.ticket))
        }
        assertEquals(listOf(500L, 1000L, 2000L, 4000L, 8000L, 8000L), waits)
        assertEquals(Action.RETRY, message(world.screen)?.action)
        world.send(Event.ActionPressed)
        assertTrue(world.camera != null)
        assertNull(message(world.screen))
    }

    @Test
    fun `a single failure is not told, and forgotten once frames come for ten seconds`() {
        val world = running().apply { send(Event.CameraFailed(cameraTicket, CameraFault.DISCONNECTED)) }
        assertNull(message(world.screen))
        world.send(Event.CameraDue(checkNotNull(world.wake).ticket))
        val ticket = world.cameraTicket
        world.send(Event.CameraOpened(ticket))
        assertEquals(listOf<Effect>(Effect.WakeCamera(ticket, 10_000)), world.effectsOf(Event.FirstFrame(ticket)))
        assertEquals(1, world.screen.cameraFailures)
        world.send(Event.CameraDue(ticket))
        assertEquals(0, world.screen.cameraFailures)
    }

    @Test
    fun `a camera that is forbidden or not there is not tried again`() {
        for (fault in listOf(CameraFault.DISABLED, CameraFault.NONE)) {
            val world = World().send(Event.Started, Event.Resumed(true), Event.SurfaceReady)
            assertEquals(emptyList(), world.effectsOf(Event.CameraFailed(world.cameraTicket, fault)))
            assertEquals(CameraState.Failed(fault), world.screen.camera)
            assertTrue(message(world.screen) != null)
        }
    }

    @Test
    fun `a wait ends when the screen is left, and coming back tries at once`() {
        val world = running().apply { send(Event.CameraFailed(cameraTicket, CameraFault.ERROR), Event.Paused) }
        val late = checkNotNull(world.wake).ticket
        assertEquals(emptyList(), world.effectsOf(Event.CameraDue(late)))
        world.send(Event.Resumed(true))
        assertTrue(world.camera != null)
    }
}
