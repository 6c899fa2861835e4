package dev.dsnet.screen

import dev.dsnet.engine.Backend
import dev.dsnet.run.Prediction
import dev.dsnet.run.Ranked
import dev.dsnet.run.Timing
import kotlin.random.Random
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertTrue

/** Events in any order, likely or not: [World] fails where an effect asks for what cannot be. */
class RandomEventsTest {
    private val prediction = Prediction(listOf(Ranked("cat", 0.9)), 0, true, 1, Timing(1.0, 1.0, 1.0, 1.0), listOf(1f), 0.0, null)

    private fun <T> Random.of(vararg choices: T): T = choices[nextInt(choices.size)]

    private fun Random.ticket(likely: Int?): Int = if (likely != null && nextInt(4) > 0) likely else nextInt(12)

    private fun Random.event(world: World): Event = when (nextInt(26)) {
        0, 1 -> Event.Started
        2, 3, 4 -> Event.Resumed(nextInt(5) > 0)
        5 -> Event.Paused
        6 -> Event.Stopped
        7, 8 -> Event.SurfaceReady
        9 -> if (nextInt(3) == 0) Event.SurfaceGone else Event.Rotated(of(0, 90, 180, 270))
        10, 11 -> Event.CameraOpened(ticket(world.camera?.ticket))
        12 -> Event.CameraFailed(ticket(world.camera?.ticket), of(*CameraFault.values()))
        13, 14 -> Event.CameraDue(ticket(world.wake?.ticket))
        15 -> Event.FirstFrame(ticket(world.camera?.ticket))
        16, 17 -> Event.BundleOpened(ticket(world.bundle?.ticket), of(1, 14, 256))
        18 -> Event.BundleFailed(ticket(world.bundle?.ticket), of(*BundleFault.values()))
        19, 20 -> Event.EngineOpened(ticket(world.engine?.ticket))
        21 -> Event.EngineFailed(ticket(world.engine?.ticket), of(*EngineFault.values()))
        22 -> Event.Predicted(ticket(world.engine?.ticket), prediction)
        23 -> Event.PermissionAnswered(of(Permission.GRANTED, Permission.GRANTED, Permission.DENIED, Permission.DENIED_FOR_EVER))
        else -> user()
    }

    private fun Random.user(): Event = of(
        Event.ThermalChanged(nextInt(7), nextDouble()),
        Event.BudgetChanged(nextDouble(-1.0, 2.0)),
        Event.PathPinned(nextInt(-1, 20)),
        Event.EngineChosen(of(*Backend.values())),
        Event.BundleChosen(of(null, "a", "../c")),
        Event.PausePressed,
        Event.ActionPressed,
        Event.BenchmarkStarted,
        Event.BenchmarkFinished,
    )

    @Test
    fun `nothing opens twice, nothing is left open, and nothing opens where it may not`() {
        var ran = 0
        repeat(3000) { seed ->
            val random = Random(seed)
            val world = World()
            repeat(random.nextInt(10, 150)) {
                world.send(random.event(world))
                if (world.running != null) ran++
            }
            world.send(Event.Destroyed)
            repeat(20) { world.send(random.event(world)) }
        }
        assertTrue(ran > 1000, "the events are such that frames run: $ran")
    }

    @Test
    fun `the same event twice asks for nothing more`() {
        repeat(1000) { seed ->
            val random = Random(seed)
            val world = World()
            repeat(100) {
                val event = random.event(world)
                world.send(event)
                val pressed = event is Event.PausePressed || event is Event.ActionPressed || event is Event.BundleChosen
                val forgives = event is Event.Resumed || event is Event.Started
                if (!pressed && !forgives) assertEquals(emptyList(), reduce(world.screen, event).effects, "$event")
            }
        }
    }

    @Test
    fun `what is saved comes back as the same settings`() {
        repeat(1000) { seed ->
            val random = Random(seed)
            val world = World()
            repeat(60) { world.send(random.event(world)) }
            val back = restored(saved(world.screen))
            assertEquals(saved(world.screen), saved(back))
            assertEquals(world.screen.settings, back.settings)
        }
    }
}
