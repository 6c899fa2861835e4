package dev.dsnet.engine

import dev.dsnet.bundle.BackendFiles
import java.io.File
import org.junit.Test
import kotlin.test.assertContains
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertIs

/** What an engine has to do on real bundles, whichever runtime it is on. */
abstract class EngineContract(private val backend: Backend, private val opener: EngineOpener) {
    @Test
    fun `every path of the demo gives the golden outputs`() = checkBundle("demo", 1e-4)

    @Test
    fun `so it does from the other layout of files`() {
        val layouts = listOf("demo", "other").map { bundle(it).manifest.backends.getValue(backend.backend) }
        assertEquals(1, layouts.count { it is BackendFiles.OneFile })
        checkBundle("other", 1e-4)
    }

    @Test
    fun `int8 gives what the runtime itself gave where the bundle was converted`() = checkBundle("int8", 0.02)

    @Test
    fun `a photo takes the path that Python's runner chose, and gets its logits`() {
        val said = pythonSaid(backend)
        assertEquals(7, said.size)
        opener.open(bundle("demo"), threads = 2).use { engine ->
            for (expected in said) {
                engine.prefix(expected.image)
                val path = engine.gate().argmax()
                assertEquals(expected.path, path, expected.photo)
                assertClose(expected.logits, engine.suffix(path), 1e-5, expected.photo)
            }
        }
    }

    @Test
    fun `a feature outlives other paths and gates of the same image`() {
        opener.open(bundle("demo"), threads = 1).use { engine ->
            engine.prefix(pythonSaid(backend).first().image)
            engine.gate()
            val first = engine.suffix(3).copyOf()
            engine.suffix(13)
            engine.gate()
            assertEquals(first.asList(), engine.suffix(3).asList())
        }
    }

    @Test
    fun `stages out of order, and paths that there are not, are refused`() {
        opener.open(bundle("demo"), threads = 1).use { engine ->
            assertContains(refusal { engine.gate() }, "run the prefix first")
            engine.prefix(pythonSaid(backend).first().image)
            assertContains(refusal { engine.suffix(0) }, "run the gate first")
            engine.gate()
            for (path in listOf(-1, 14)) assertContains(refusal { engine.suffix(path) }, "path $path, expected 0 to 13")
            engine.prefix()
            assertContains(refusal { engine.suffix(0) }, "run the gate first")
        }
    }

    @Test
    fun `a closed engine says so, and may be closed again`() {
        val engine = opener.open(bundle("demo"), threads = 1)
        engine.close()
        engine.close()
        assertContains(refusal { engine.prefix() }, "${backend.title} is closed")
    }

    @Test
    fun `a file that is no model is refused by its name`() {
        val other = files("demo").prefix
        val whole = File(bundle("demo").folder, other).readBytes()
        for (content in listOf("no model".toByteArray(), whole.copyOf(whole.size / 2))) {
            val broken = withFile("demo", other, content)
            val reason = refusal { opener.open(broken, threads = 1) }
            assertContains(reason, other)
            assertEquals(1, reason.lines().size)
            broken.folder.deleteRecursively()
        }
    }

    @Test
    fun `another stage's graph is refused`() {
        val staged = listOf("demo", "other").first { bundle(it).manifest.backends[backend.backend] is BackendFiles.Staged }
        val suffix = File(bundle(staged).folder, assertIs<BackendFiles.Staged>(layout(staged)).suffixes.first())
        val swapped = withFile(staged, files(staged).prefix, suffix.readBytes())
        assertContains(
            refusal { opener.open(swapped, threads = 1).use { it.prefix() } },
            files(staged).prefix,
        )
        swapped.folder.deleteRecursively()
    }

    @Test
    fun `a damaged file is found by its hash`() {
        val copy = withFile("demo", "labels.txt", File(bundle("demo").folder, "labels.txt").readBytes())
        val file = File(copy.folder, files("demo").prefix)
        file.writeBytes(file.readBytes().also { it[it.size / 2] = (it[it.size / 2] + 1).toByte() })
        assertContains(refusal { opener.open(copy, threads = 1) }, "SHA-256")
        copy.folder.deleteRecursively()
    }

    @Test
    fun `a bundle without files for it says how to convert it`() {
        val manifest = bundle("demo").manifest.run { copy(backends = backends - backend.backend) }
        val without = dev.dsnet.bundle.Bundle(bundle("demo").folder, manifest, bundle("demo").labels)
        assertContains(refusal { opener.open(without, threads = 1) }, "--to ${backend.backend}")
    }

    @Test
    fun `engines open and close again and again`() {
        repeat(20) { opener.open(bundle("other"), threads = 1).use { engine -> engine.prefix() } }
    }

    private fun checkBundle(name: String, tolerance: Double) {
        val bundle = bundle(name)
        opener.open(bundle, threads = 1).use { checkEveryPath(bundle, it, tolerance) }
    }

    private fun layout(name: String): BackendFiles = bundle(name).manifest.backends.getValue(backend.backend)

    private fun files(name: String): BackendFiles.Staged = when (val layout = layout(name)) {
        is BackendFiles.OneFile -> BackendFiles.Staged(layout.file, layout.file, emptyList())
        is BackendFiles.Staged -> layout
    }
}

internal fun refusal(call: () -> Unit): String = assertFailsWith<EngineException> { call() }.message.orEmpty()
