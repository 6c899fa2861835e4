package dev.dsnet.bundle

import dev.dsnet.DsnetException
import dev.dsnet.TestFolders
import java.io.DataInputStream
import java.io.File
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertTrue

class ManifestTest {
    private val text = File(TestFolders.bundle, "manifest.json").readText()

    @Test
    fun `a manifest says here what it says in Python`() {
        val expected = File(TestFolders.golden, "manifest.txt").readLines()
        assertEquals(expected.joinToString("\n"), facts(Bundle.open(TestFolders.bundle)).joinToString("\n"))
    }

    @Test
    fun `spoilt manifests are refused here if and only if Python refuses them`() {
        val differing = ArrayList<String>()
        var accepted = 0
        DataInputStream(File(TestFolders.golden, "manifests.bin").inputStream().buffered()).use { stream ->
            val cases = stream.readInt()
            assertTrue(cases > 3000)
            repeat(cases) {
                val expected = stream.readBoolean()
                val bytes = ByteArray(stream.readInt()).also(stream::readFully)
                val complaint = complaint(bytes)
                accepted += if (expected) 1 else 0
                val verdict = if (expected) "accepts" else "refuses"
                if (expected != (complaint == null)) differing += "Python $verdict, here: $complaint"
            }
        }
        assertEquals(emptyList(), differing.distinct())
        assertTrue(accepted > 20)
    }

    @Test
    fun `messages name the field, what was expected and what to do`() {
        fun complaintOf(old: String, new: String): String {
            assertTrue(old in text, old)
            return checkNotNull(complaint(text.replaceFirst(old, new).toByteArray()))
        }
        assertEquals(
            "m: version 3, this app reads 2; update the app or convert again",
            complaintOf("\"version\": 2", "\"version\": 3"),
        )
        assertEquals(
            "m: input.height must be an integer from 1 to 8192, found 9000; convert the checkpoint again",
            complaintOf("\"height\": 32", "\"height\": 9000"),
        )
        assertEquals(
            "m: paths[1].choice must be above that of the path before it, found 0; convert the checkpoint again",
            complaintOf("\"choice\": 1", "\"choice\": 0"),
        )
        assertEquals(
            "m: the file has no field 'created'; convert the checkpoint again",
            complaintOf("\"created\"", "\"Created\""),
        )
        assertEquals(
            "m: files lists no file 'labels.tx', which another field names; convert the checkpoint again",
            complaintOf("\"labels\": \"labels.txt\"", "\"labels\": \"labels.tx\""),
        )
    }

    /** Of a manifest called `m`; null where it is accepted. It must be one printable line. */
    private fun complaint(bytes: ByteArray): String? = try {
        readManifest(bytes, "m")
        null
    } catch (error: DsnetException) {
        val message = checkNotNull(error.message)
        assertTrue(message.length < 600 && message.none { it.isISOControl() || it.isSurrogate() || it == '\u2028' }, message)
        message
    }

    @Test
    fun `a manifest of more than 16 MiB is refused before it is read`() {
        val error = assertFailsWith<DsnetException> { readManifest(ByteArray(LARGEST_MANIFEST + 1), "m") }
        assertEquals("m: larger than 16777216 bytes; convert the checkpoint again", error.message)
    }
}

private fun facts(bundle: Bundle): List<String> = with(bundle.manifest) {
    listOf("bundle $name $precision $sha256") +
        "input ${input.height} ${input.width} ${input.resize} ${input.interpolation.name.lowercase()}" +
        input.mean.zip(input.std).map { (mean, std) -> "channel ${hex(mean)} ${hex(std)}" } +
        "labels ${bundle.labels.joinToString("|")}" +
        "prefix $prefixMadds" +
        "gate $gateMadds" +
        paths.map { path ->
            with(path) { listOf(index, choice, madds, parameters, weightBytes, activationBytes) + channels }
                .joinToString(" ", prefix = "path ")
        } +
        backends.toSortedMap().map { (backend, files) ->
            when (files) {
                is BackendFiles.OneFile -> "$backend ${files.file}"
                is BackendFiles.Staged -> (listOf(backend, files.prefix, files.gate) + files.suffixes).joinToString(" ")
            }
        } +
        files.toSortedMap().map { (name, entry) -> "file $name ${entry.bytes} ${entry.sha256}" }
}

private fun hex(number: Float): String = Integer.toHexString(number.toRawBits()).padStart(8, '0')
