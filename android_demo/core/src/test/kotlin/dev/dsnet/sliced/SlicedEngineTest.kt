package dev.dsnet.sliced

import dev.dsnet.TestFolders
import dev.dsnet.bundle.Bundle
import dev.dsnet.bundle.Golden
import dev.dsnet.bundle.golden
import dev.dsnet.engine.Backend
import dev.dsnet.engine.Engine
import dev.dsnet.engine.EngineException
import java.util.concurrent.Callable
import java.util.concurrent.CountDownLatch
import java.util.concurrent.Executors
import java.util.concurrent.FutureTask
import kotlin.test.Test
import kotlin.test.assertContains
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertSame
import kotlin.test.assertTrue

private const val TOLERANCE = 1e-4f // as dsnet-edge verify has it for fp32

class SlicedEngineTest {
    private val bundle = Bundle.open(TestFolders.bundle)
    private val golden = bundle.golden(Backend.SLICED)

    @Test
    fun `every path gives the golden scores and logits`() = engine().use { checkGolden(it, golden) }

    @Test
    fun `more threads and chosen cores give the golden outputs too`() {
        SlicedRuntime.open(bundle, threads = 3).use { checkGolden(it, golden) }
        SlicedRuntime.open(bundle, SlicedRuntime.bigCores()).use { checkGolden(it, golden) }
    }

    @Test
    fun `two engines run in two threads at once`() {
        val pool = Executors.newFixedThreadPool(2)
        try {
            val runs = List(2) { Callable { engine().use { checkGolden(it, golden) } } }
            pool.invokeAll(runs).forEach { it.get() }
        } finally {
            pool.shutdown()
        }
    }

    @Test
    fun `what ran and what opening took is told`() = engine().use { engine ->
        assertEquals(Backend.SLICED, engine.backend)
        assertEquals("dsnet-edge ${Native.version()}, ${engine.isa}", engine.runtime)
        assertTrue(engine.openMs > 0 && engine.sessionMs > 0)
        assertTrue(engine.image.isDirect)
        assertEquals(32 * 32 * 3, engine.image.capacity())
    }

    @Test
    fun `outputs are the engine's own arrays, whatever the position in the image`() = engine().use { engine ->
        engine.image.put(golden.images[0]) // and leaves the position at the end
        engine.prefix()
        assertSame(engine.gate(), engine.gate())
        assertSame(engine.suffix(0), engine.suffix(13))
    }

    @Test
    fun `stages out of order and paths that are not there are refused`() = engine().use { engine ->
        assertEquals("gate() needs prefix() first", complaint { engine.gate() })
        assertEquals("suffix() needs prefix() and gate() first", complaint { engine.suffix(0) })
        engine.prefix()
        assertEquals("suffix() needs prefix() and gate() first", complaint { engine.suffix(0) })
        engine.gate()
        for (path in listOf(-1, 14, Int.MIN_VALUE, Int.MAX_VALUE)) {
            assertEquals("path: expected 0 to 13, found $path", complaint { engine.suffix(path) })
        }
    }

    @Test
    fun `a closed engine says so, and closing again does nothing`() {
        val engine = engine()
        engine.close()
        engine.close()
        for (call in listOf<() -> Any>(engine::prefix, engine::gate, { engine.suffix(0) })) {
            assertEquals("the engine is closed; open another", complaint { call() })
        }
        engine.image.put(0, 1f) // its memory is Java's
    }

    @Test
    fun `closed by one thread while another runs, the other is told`() {
        repeat(20) {
            val engine = engine()
            val running = CountDownLatch(1)
            val runner = FutureTask {
                complaint {
                    while (true) {
                        engine.prefix()
                        running.countDown()
                    }
                }
            }
            Thread(runner).start()
            running.await()
            engine.close()
            assertEquals("the engine is closed; open another", runner.get())
        }
    }

    @Test
    fun `threads and cores that cannot be had are refused in the runtime's words`() {
        assertEquals("threads: expected 1 to 256, found 0", complaint { SlicedRuntime.open(bundle, 0) })
        assertEquals("threads: expected 1 to 256, found 1000", complaint { SlicedRuntime.open(bundle, 1000) })
        assertEquals("cores: expected 1 to 256 of them, found 0", complaint { SlicedRuntime.open(bundle, emptyList()) })
        assertEquals("cores: expected 1 to 256 of them, found 9999", complaint { SlicedRuntime.open(bundle, List(9999) { it }) })
        assertContains(complaint { SlicedRuntime.open(bundle, listOf(-1)) }, "cores: expected some of those that this process")
        val core = SlicedRuntime.bigCores().first()
        assertEquals("cores: expected each once, found $core twice", complaint { SlicedRuntime.open(bundle, listOf(core, core)) })
    }

    @Test
    fun `a bundle without files for it, or with another model's, is refused`() {
        val manifest = bundle.manifest
        val without = Bundle(bundle.folder, manifest.copy(backends = manifest.backends - "sliced"), bundle.labels)
        assertEquals(
            "${bundle.folder}: has no files for the sliced runtime; convert it with --to sliced",
            complaint { SlicedRuntime.open(without, 1) },
        )
        val other = Bundle(bundle.folder, manifest.copy(nClasses = 1000), bundle.labels)
        assertContains(complaint { SlicedRuntime.open(other, 1) }, "classes=10), the manifest says ")
    }

    private fun engine(): SlicedEngine = SlicedRuntime.open(bundle, threads = 1)

    private fun complaint(work: () -> Any?): String = checkNotNull(assertFailsWith<EngineException> { work() }.message)
}

private fun checkGolden(engine: Engine, golden: Golden) {
    for (i in 0 until golden.images.shape.first()) {
        engine.image.rewind()
        engine.image.put(golden.images[i])
        engine.prefix()
        assertClose(golden.scores[i], engine.gate())
        for (path in 0 until golden.logits.shape.first()) {
            val logits = golden.logits[path]
            val classes = golden.logits.shape.last()
            assertClose(logits.copyOfRange(i * classes, (i + 1) * classes), engine.suffix(path))
        }
    }
}

private fun assertClose(expected: FloatArray, found: FloatArray) {
    assertEquals(expected.size, found.size)
    val scale = maxOf(1f, expected.maxOf { kotlin.math.abs(it) })
    for (i in expected.indices) assertEquals(expected[i], found[i], TOLERANCE * scale)
}
