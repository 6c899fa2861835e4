package dev.dsnet.bundle

import dev.dsnet.DsnetException
import dev.dsnet.TestFolders
import dev.dsnet.withScratch
import java.io.File
import java.io.FileNotFoundException
import java.io.IOException
import java.io.InputStream
import java.io.SequenceInputStream
import java.nio.file.Files
import kotlin.test.Test
import kotlin.test.assertContains
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith

class UnpackTest {
    private fun archive(name: String): InputStream = File(TestFolders.bundle, name).inputStream()

    private fun content(folder: File): Map<String, String> =
        folder.walk().filter { it.isFile }.associate { it.relativeTo(folder).path to sha256(it.inputStream()) }

    @Test
    fun `an archive becomes the same bundle, in place of what was there`() = withScratch { scratch ->
        val into = File(scratch, "bundles/demo")
        val expected = content(TestFolders.bundle)
        assertEquals("dsmbnet14-32", unpack(::archive, into).manifest.name)
        assertEquals(expected, content(into))
        File(into, "stale").writeText("of another bundle")
        unpack(::archive, into)
        assertEquals(expected, content(into))
        assertEquals(listOf("demo"), into.parentFile.list()?.toList())
    }

    @Test
    fun `what a killed process left does not count`() = withScratch { scratch ->
        val into = File(scratch, "demo")
        for (name in listOf("demo.unpacking/labels.txt", "demo.old/labels.txt")) {
            File(scratch, name).also { it.parentFile.mkdirs() }.writeText("half")
        }
        unpack(::archive, into)
        assertEquals(content(TestFolders.bundle), content(into))
        assertEquals(listOf("demo"), scratch.list()?.toList())
    }

    @Test
    fun `a symbolic link in what is replaced is not followed`() = withScratch { scratch ->
        val mine = File(scratch, "mine/photo").also { it.parentFile.mkdirs() }
        mine.writeText("of someone else")
        val into = File(scratch, "demo")
        unpack(::archive, into)
        Files.createSymbolicLink(File(into, "link").toPath(), mine.parentFile.toPath())
        unpack(::archive, into)
        assertEquals(content(TestFolders.bundle), content(into))
        assertEquals("of someone else", mine.readText())
    }

    @Test
    fun `a bundle that is damaged leaves what was there before`() = withScratch { scratch ->
        val into = File(scratch, "demo")
        unpack(::archive, into)
        val before = content(into)
        val faults = mapOf<String, (InputStream) -> InputStream>(
            "is not what its manifest says" to { it.readBytes().also { bytes -> bytes[7]++ }.inputStream() },
            "not what its manifest" to { SequenceInputStream(it, ByteArray(1).inputStream()) },
            "what its manifest says" to { ByteArray(0).inputStream() },
            "cannot be unpacked (no model)" to { throw FileNotFoundException("no model") },
            "cannot be unpacked (torn)" to { Torn },
        )
        for ((expected, spoil) in faults) {
            val error = assertFailsWith<DsnetException> {
                unpack({ name -> archive(name).let { if (name == "model.dsnet") spoil(it) else it } }, into)
            }
            assertContains(checkNotNull(error.message), expected)
            assertEquals(before, content(into))
            assertEquals(listOf("demo"), scratch.list()?.toList())
        }
    }

    @Test
    fun `a folder that cannot be written is an error of one line`() = withScratch { scratch ->
        val file = File(scratch, "file").also { it.writeText("in the way") }
        val error = assertFailsWith<DsnetException> { unpack(::archive, File(file, "demo")) }
        assertContains(checkNotNull(error.message), "demo: the bundle cannot be unpacked (")
    }

    private object Torn : InputStream() {
        override fun read(): Int = throw IOException("torn")
    }
}
