package dev.dsnet.screen

import dev.dsnet.engine.Backend
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertFalse
import kotlin.test.assertTrue

class SavedTest {
    private val settings = Settings(Backend.LITERT, "dsmbnet14-224", 0.35, 7, paused = true)

    @Test
    fun `settings and a refusal survive, what was open does not`() {
        val open = EngineState.Open(4, Backend.LITERT)
        val screen = Screen(settings, Stage.RESUMED, Permission.DENIED, surface = true, degrees = 90, engine = open, tickets = 9)
        assertEquals(Screen(settings, permission = Permission.DENIED), restored(saved(screen)))
        assertEquals(Screen(), restored(saved(Screen(stage = Stage.RESUMED, permission = Permission.GRANTED))))
    }

    @Test
    fun `a dialog that is still on the screen is not shown again`() {
        val screen = restored(saved(reduce(Screen(), Event.Resumed(false)).screen))
        assertEquals(Permission.ASKED, screen.permission)
        assertFalse(Effect.RequestPermission in reduce(screen, Event.Started).effects)
    }

    @Test
    fun `nonsense is as if it were not there`() {
        assertEquals(Screen(), restored(mapOf("backend" to "quantum", "bundle" to "../etc", "budget" to "NaN", "path" to "-3")))
        assertEquals(Screen(), restored(mapOf("paused" to "maybe", "permission" to "GRANTED", "more" to "x")))
        assertEquals(Screen(), restored(mapOf("budget" to "1e9", "path" to "seven", "bundle" to "", "permission" to "")))
        assertEquals(Screen(), restored(emptyMap()))
    }

    @Test
    fun `a name of a bundle stays inside its folder`() {
        for (name in listOf("demo", "dsmbnet14-32.fp32", "a_b+c", "7")) assertTrue(isBundleName(name), name)
        for (name in listOf("", ".", "..", ".hidden", "a/b", "a\\b", "a\u0000", "a b", "ä", "x".repeat(101))) {
            assertFalse(isBundleName(name), name)
        }
    }
}
