package dev.dsnet.bundle

import dev.dsnet.DsnetException
import java.io.File
import java.nio.ByteBuffer
import java.nio.charset.CharacterCodingException

private const val LARGEST_LABELS = 64L shl 20

/**
 * A folder that a device needs nothing else with (docs/bundle.md). `labels`: one a class.
 *
 * [open] is the way to one: the manifest is checked then, every file when it is asked for.
 */
class Bundle(val folder: File, val manifest: Manifest, val labels: List<String>, private val trusted: Boolean = false) {
    /** A file that the manifest lists, after checking its size and SHA-256: reads all of it. Throws [DsnetException]. */
    fun file(name: String): File = if (trusted) File(folder, name) else checkedFile(folder, manifest, name)

    /** The same without the check of every file, which has been made before: it costs every engine the same time a byte. */
    fun trusted(): Bundle = Bundle(folder, manifest, labels, trusted = true)

    companion object {
        /** Throws [DsnetException] where the folder is no bundle, or its manifest or labels cannot be what they should. */
        fun open(folder: File): Bundle {
            val file = File(folder, "manifest.json")
            if (!file.isFile) {
                val reason = if (folder.exists()) "it has no manifest.json" else "there is no such folder"
                throw DsnetException("$folder is not a bundle: $reason; install one with: dsnet-edge android install BUNDLE")
            }
            checkInside(folder, file)
            val bytes = reading(file) { file.inputStream().use { it.readAtMost(LARGEST_MANIFEST + 1L) } }
            val manifest = readManifest(bytes, file.path)
            return Bundle(folder, manifest, labels(folder, manifest))
        }
    }
}

private fun labels(folder: File, manifest: Manifest): List<String> {
    val file = checkedFile(folder, manifest, manifest.labels)
    if (file.length() > LARGEST_LABELS) throw DsnetException("$file: larger than $LARGEST_LABELS bytes; give shorter labels")
    val labels = try {
        lines(Charsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(reading(file, file::readBytes))).toString())
    } catch (error: CharacterCodingException) {
        throw DsnetException("$file: not UTF-8 text; convert the checkpoint again", error)
    }
    if (labels.size != manifest.nClasses) {
        throw DsnetException("$file: ${labels.size} labels for ${manifest.nClasses} classes; give one line a class")
    }
    return labels
}

// What ends a line in Python's str.splitlines, so that both count the same labels.
private val LINE_ENDS = Regex("\r\n|[\n\r\u000b\u000c\u001c\u001d\u001e\u0085\u2028\u2029]")

private fun lines(text: String): List<String> {
    val lines = text.split(LINE_ENDS)
    return if (lines.last().isEmpty()) lines.dropLast(1) else lines
}
