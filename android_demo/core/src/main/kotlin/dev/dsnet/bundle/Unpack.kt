package dev.dsnet.bundle

import dev.dsnet.DsnetException
import java.io.ByteArrayOutputStream
import java.io.File
import java.io.FileOutputStream
import java.io.IOException
import java.io.InputStream
import java.nio.file.Files
import java.security.MessageDigest

/**
 * Copies a bundle out of an archive, such as the assets of an APK, to the folder `into`, and opens it there.
 *
 * `open` gives a file of the bundle by its name, and throws IOException where there is none. Everything is written beside `into`
 * under a temporary name, checked and renamed, so `into` is a whole bundle or what it was before; what a killed process left is
 * removed first. Throws [DsnetException] where the bundle is damaged or cannot be written.
 */
fun unpack(open: (String) -> InputStream, into: File): Bundle {
    val scratch = File(into.path + ".unpacking")
    val old = File(into.path + ".old")
    try {
        remove(scratch)
        scratch.mkdirs()
        val bytes = open("manifest.json").use { it.readAtMost(LARGEST_MANIFEST + 1L) }
        val manifest = readManifest(bytes, "manifest.json of the archive")
        for ((name, entry) in manifest.files) open(name).use { copy(it, File(scratch, name), name, entry) }
        write(File(scratch, "manifest.json")) { it.write(bytes) }
        Bundle.open(scratch)
        remove(old)
        if (into.exists()) rename(into, old)
        rename(scratch, into)
        remove(old)
        return Bundle.open(into)
    } catch (error: IOException) {
        val fix = "free some space (${(into.absoluteFile.parentFile?.usableSpace ?: 0) shr 20} MiB left) and try again"
        throw DsnetException("$into: the bundle cannot be unpacked (${oneLine(error)}); $fix", error)
    } finally {
        remove(scratch)
    }
}

/** Of a file that should be as `entry` says; stops where it turns out longer. */
private fun copy(from: InputStream, to: File, name: String, entry: FileEntry) {
    val digest = MessageDigest.getInstance("SHA-256")
    var bytes = 0L
    write(to) { stream ->
        val block = ByteArray(1 shl 16)
        while (bytes <= entry.bytes) {
            val count = from.read(block)
            if (count < 0) break
            digest.update(block, 0, count)
            stream.write(block, 0, count)
            bytes += count
        }
    }
    if (bytes != entry.bytes || hexadecimal(digest.digest()) != entry.sha256) {
        throw DsnetException("$name of the archive is not what its manifest says; build the app again")
    }
}

/** To the disk, not only to the system's memory: a rename must not overtake what it names. */
private fun write(file: File, content: (FileOutputStream) -> Unit) {
    file.parentFile?.mkdirs()
    FileOutputStream(file).use { stream ->
        content(stream)
        stream.fd.sync()
    }
}

private fun rename(from: File, to: File) {
    if (!from.renameTo(to)) throw IOException("$from cannot be renamed to ${to.name}")
}

/** With all that is in it; a symbolic link is removed, not followed. */
private fun remove(file: File) {
    if (!Files.isSymbolicLink(file.toPath())) file.listFiles()?.forEach(::remove)
    file.delete() // where that fails, the rename that follows does
}

/** At most `most` bytes, whatever there is. */
internal fun InputStream.readAtMost(most: Long): ByteArray {
    val found = ByteArrayOutputStream()
    val block = ByteArray(1 shl 16)
    while (found.size() < most) {
        val count = read(block, 0, minOf(block.size.toLong(), most - found.size()).toInt())
        if (count < 0) break
        found.write(block, 0, count)
    }
    return found.toByteArray()
}
