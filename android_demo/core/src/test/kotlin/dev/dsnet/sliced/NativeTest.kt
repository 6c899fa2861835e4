package dev.dsnet.sliced

import dev.dsnet.TestFolders
import dev.dsnet.withScratch
import java.io.File
import java.nio.ByteBuffer
import java.nio.ByteOrder
import java.nio.FloatBuffer
import kotlin.test.Test
import kotlin.test.assertContains
import kotlin.test.assertEquals
import kotlin.test.assertFalse
import kotlin.test.assertTrue

/** What [SlicedEngine] never asks for: the native side must survive it. */
class NativeTest {
    private val file = File(TestFolders.bundle, "model.dsnet")

    init {
        SlicedRuntime.bigCores() // loads the library
    }

    @Test
    fun `buffers that are too small or not direct are refused, and no memory is written`() = withSession { session ->
        val image = 32 * 32 * 3
        for (bad in listOf(FloatBuffer.allocate(image), direct(image - 1), direct(0), direct(1 shl 16).slice().limitedTo(5))) {
            assertFalse(Native.prefix(session, bad))
        }
        assertFalse(Native.gate(session, direct(14))) // there were no features
        assertTrue(Native.prefix(session, direct(image)))
        for (bad in listOf(FloatBuffer.allocate(14), direct(13), direct(0))) assertFalse(Native.gate(session, bad))
        assertTrue(Native.gate(session, direct(14)))
        for (bad in listOf(FloatBuffer.allocate(10), direct(9), direct(0))) assertFalse(Native.suffix(session, 0, bad))
        for (path in listOf(-1, 14, Int.MIN_VALUE, Int.MAX_VALUE)) assertFalse(Native.suffix(session, path, direct(10)))
        assertTrue(Native.suffix(session, 0, direct(10)))
    }

    @Test
    fun `nothing is written beside the outputs`() = withSession { session ->
        val guarded = direct(14 + 2)
        for (i in 0 until guarded.capacity()) guarded.put(i, -7f)
        guarded.position(1)
        guarded.limit(15)
        assertTrue(Native.prefix(session, direct(32 * 32 * 3)))
        assertTrue(Native.gate(session, guarded.slice()))
        assertEquals(listOf(-7f, -7f), listOf(guarded.get(0), guarded.limitedTo(16).get(15)))
        assertTrue((1..14).all { guarded.get(it) != -7f })
    }

    @Test
    fun `handles of nothing are refused`() {
        assertFalse(Native.prefix(0, direct(32 * 32 * 3)))
        assertFalse(Native.gate(0, direct(14)))
        assertFalse(Native.suffix(0, 0, direct(10)))
        assertEquals(listOf(0, 0, 0, 0), Native.shape(0).toList())
        assertEquals("model and session must not be null", message { Native.createSession(0, 1, null, it) })
        Native.destroySession(0)
        Native.closeModel(0)
    }

    @Test
    fun `files that are none are refused in one line that names them`() = withScratch { folder ->
        fun refusal(name: String) = message { Native.openModel(name.toByteArray(), it) }
        val absent = File(folder, "mod\u00e8le \ud83d\ude00.dsnet").path
        assertEquals("$absent: cannot open the file: No such file or directory", refusal(absent))
        assertContains(refusal(folder.path), "is a directory, expected a model.dsnet file")
        val empty = File(folder, "empty").also { it.createNewFile() }
        assertContains(refusal(empty.path), "the file is empty")
        val cut = File(folder, "cut").also { it.writeBytes(file.readBytes().copyOf(5000)) }
        assertContains(refusal(cut.path), "${cut.path}: ")
        assertEquals("filename: expected 1 to 4095 bytes", refusal(""))
        assertEquals("filename: expected 1 to 4095 bytes", refusal("x".repeat(4096)))
        assertEquals("filename: expected no zero character in it", refusal("model\u0000.dsnet"))
    }

    @Test
    fun `a message is cut to the room there is`() {
        val short = ByteArray(4)
        assertEquals(0L, Native.openModel("/absent".toByteArray(), short))
        assertEquals("/abs", String(short))
        assertEquals(0L, Native.openModel("/absent".toByteArray(), ByteArray(0)))
    }

    @Test
    fun `thousands of sessions leave no memory, mapping or thread behind`() {
        val image = direct(32 * 32 * 3)
        fun cycle(times: Int) = repeat(times) { withSession(threads = 1 + it % 2) { session -> Native.prefix(session, image) } }
        cycle(200)
        val mappings = mappings()
        val residentBytes = residentBytes()
        val threads = threads()
        cycle(3000)
        assertEquals(0, mappings())
        assertEquals(0, mappings)
        assertTrue(threads() <= threads + 2, "${threads()} threads, there were $threads") // Java's own come and go
        val grown = residentBytes() - residentBytes
        assertTrue(grown < (48 shl 20), "$grown bytes more") // one session's activations, 3000 times, would be 400 MB
    }

    private fun withSession(threads: Int = 1, work: (Long) -> Unit) {
        val message = ByteArray(1024)
        val model = Native.openModel(file.path.toByteArray(), message)
        assertTrue(model != 0L, String(message))
        val session = Native.createSession(model, threads, null, message)
        assertTrue(session != 0L, String(message))
        work(session)
        Native.destroySession(session)
        Native.closeModel(model)
    }

    private fun message(open: (ByteArray) -> Long): String {
        val bytes = ByteArray(1024)
        assertEquals(0L, open(bytes))
        return String(bytes, 0, bytes.indexOf(0), Charsets.UTF_8)
    }

    private fun mappings(): Int = File("/proc/self/maps").readLines().count { "model.dsnet" in it }

    private fun threads(): Int = checkNotNull(File("/proc/self/task").list()).size

    private fun residentBytes(): Long = File("/proc/self/statm").readText().split(' ')[1].toLong() * 4096
}

private fun direct(size: Int): FloatBuffer = ByteBuffer.allocateDirect(size * 4).order(ByteOrder.nativeOrder()).asFloatBuffer()

private fun FloatBuffer.limitedTo(size: Int): FloatBuffer {
    clear()
    limit(size)
    return slice()
}
