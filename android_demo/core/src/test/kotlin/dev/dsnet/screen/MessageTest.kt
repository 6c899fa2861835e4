package dev.dsnet.screen

import dev.dsnet.engine.Backend
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertNull
import kotlin.test.assertTrue

class MessageTest {
    private val troubles: List<Screen> =
        listOf(Permission.DENIED, Permission.DENIED_FOR_EVER).map { Screen(permission = it) } +
            BundleFault.values().map { Screen(bundle = BundleState.Failed(it, null)) } +
            Backend.values().flatMap { backend -> EngineFault.values().map { EngineState.Failed(backend, it, null) } }
                .map { Screen(engine = it) } +
            Screen(thermal = Thermal(5, 0.0)) +
            CameraFault.values().map { Screen(camera = CameraState.Failed(it)) }

    @Test
    fun `every trouble has a sentence of its own that names what to do`() {
        val texts = troubles.map { checkNotNull(message(it)).text }
        assertEquals(texts.size, texts.distinct().size)
        for (text in texts) assertTrue(Regex("[A-Z][^.;\n]+; [^.;\n]+\\.").matches(text), text)
    }

    @Test
    fun `no trouble, no message`() {
        assertNull(message(Screen()))
        assertNull(message(Screen(permission = Permission.ASKED, camera = CameraState.Opening(1), thermal = Thermal(4, 0.3))))
    }

    @Test
    fun `the first cause is told`() {
        val all = Screen(
            permission = Permission.DENIED,
            bundle = BundleState.Failed(BundleFault.MISSING, "bundle"),
            engine = EngineState.Failed(Backend.SLICED, EngineFault.FAILED, "engine"),
        )
        assertEquals(Action.ALLOW, message(all)?.action)
        assertEquals("bundle", message(all.copy(permission = Permission.GRANTED))?.text)
        assertEquals("engine", message(all.copy(permission = Permission.GRANTED, bundle = BundleState.Open(14)))?.text)
    }

    @Test
    fun `a sentence from elsewhere does not fill the screen, and an empty one is replaced`() {
        val long = message(Screen(bundle = BundleState.Failed(BundleFault.CORRUPT, "x".repeat(5000))))
        assertEquals("x".repeat(239) + "…", long?.text)
        assertEquals(
            message(Screen(bundle = BundleState.Failed(BundleFault.CORRUPT, null))),
            message(Screen(bundle = BundleState.Failed(BundleFault.CORRUPT, " "))),
        )
    }
}
