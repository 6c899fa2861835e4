package dev.dsnet.bundle

import dev.dsnet.DsnetException
import dev.dsnet.TestFolders
import dev.dsnet.engine.Backend
import dev.dsnet.withBundleCopy
import dev.dsnet.withScratch
import java.io.File
import java.nio.file.Files
import kotlin.test.Test
import kotlin.test.assertContains
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertTrue

class BundleTest {
    private fun complaint(work: () -> Any?): String = checkNotNull(assertFailsWith<DsnetException> { work() }.message)

    @Test
    fun `every file that the manifest lists is there and as it says`() {
        val bundle = Bundle.open(TestFolders.bundle)
        for ((name, entry) in bundle.manifest.files) assertEquals(entry.bytes, bundle.file(name).length())
        assertEquals(listOf("airplane", "automobile"), bundle.labels.take(2))
    }

    @Test
    fun `a file that is longer, changed, gone or not listed is refused when it is asked for`() = withBundleCopy { folder ->
        val bundle = Bundle.open(folder)
        val file = File(folder, "model.dsnet")
        val bytes = file.readBytes()
        file.writeBytes(bytes + 0)
        assertContains(complaint { bundle.file("model.dsnet") }, "${bytes.size + 1} bytes, the manifest says ${bytes.size}")
        file.writeBytes(bytes.also { it[bytes.size / 2]++ })
        assertContains(complaint { bundle.file("model.dsnet") }, "its SHA-256 is ")
        file.delete()
        assertContains(complaint { bundle.file("model.dsnet") }, "model.dsnet: the file is missing")
        for (name in listOf("manifest.json", "../bundle/labels.txt", "/etc/hostname", "")) {
            assertContains(complaint { bundle.file(name) }, "lists no file '$name'")
        }
    }

    @Test
    fun `a symbolic link out of the folder is refused, and one inside it is not`() = withBundleCopy { folder ->
        val file = File(folder, "model.dsnet")
        val outside = File(folder.parentFile, "outside").also { file.copyTo(it) }
        val inside = File(folder, "inside").also { file.copyTo(it) }
        file.delete()
        Files.createSymbolicLink(file.toPath(), outside.toPath())
        assertContains(complaint { Bundle.open(folder).file("model.dsnet") }, "a symbolic link out of the bundle")
        file.delete()
        Files.createSymbolicLink(file.toPath(), inside.toPath())
        assertEquals(file, Bundle.open(folder).file("model.dsnet"))
    }

    @Test
    fun `what is no bundle says so`() = withScratch { scratch ->
        assertContains(complaint { Bundle.open(File(scratch, "absent")) }, "absent is not a bundle: there is no such folder")
        assertContains(complaint { Bundle.open(scratch) }, "is not a bundle: it has no manifest.json")
    }

    @Test
    fun `labels must be text, one a class`() = withBundleCopy { folder ->
        val labels = File(folder, "labels.txt").readText()
        putLabels(folder, labels.trimEnd())
        assertEquals(10, Bundle.open(folder).labels.size)
        putLabels(folder, labels.replaceFirst('\n', '\u2028').replaceFirst("\n", "\r\n"))
        assertEquals(10, Bundle.open(folder).labels.size)
        putLabels(folder, labels + "eleventh\n")
        assertContains(complaint { Bundle.open(folder) }, "labels.txt: 11 labels for 10 classes; give one line a class")
        putLabels(folder, labels.replaceFirst("a", "\u00ff"), Charsets.ISO_8859_1)
        assertContains(complaint { Bundle.open(folder) }, "labels.txt: not UTF-8 text")
    }

    @Test
    fun `golden arrays have the shapes of the bundle`() {
        val bundle = Bundle.open(TestFolders.bundle)
        for (backend in Backend.entries) {
            val golden = bundle.golden(backend)
            val n = golden.images.shape.first()
            assertEquals(listOf(n, 32, 32, 3), golden.images.shape)
            assertEquals(listOf(n, 14), golden.scores.shape)
            assertEquals(listOf(14, n, 10), golden.logits.shape)
            assertTrue(golden.logits[13].contentEquals(golden.logits.values.copyOfRange(13 * n * 10, 14 * n * 10)))
        }
    }

    /** And their hash into the manifest. */
    private fun putLabels(folder: File, text: String, charset: java.nio.charset.Charset = Charsets.UTF_8) {
        val bytes = text.toByteArray(charset)
        File(folder, "labels.txt").writeBytes(bytes)
        val manifest = File(folder, "manifest.json")
        val entry = Regex("(\"labels.txt\": \\{\\s*\"bytes\": )\\d+(,\\s*\"sha256\": \")[0-9a-f]{64}")
        assertTrue(entry in manifest.readText())
        manifest.writeText(entry.replace(manifest.readText(), "$1${bytes.size}$2${sha256(bytes.inputStream())}"))
    }
}
