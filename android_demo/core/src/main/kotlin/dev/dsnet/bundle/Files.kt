package dev.dsnet.bundle

import dev.dsnet.DsnetException
import java.io.File
import java.io.IOException
import java.io.InputStream
import java.security.MessageDigest

/** Hexadecimal, of all that is left in `stream`. */
internal fun sha256(stream: InputStream): String {
    val digest = MessageDigest.getInstance("SHA-256")
    val block = ByteArray(1 shl 16)
    while (true) {
        val count = stream.read(block)
        if (count < 0) return hexadecimal(digest.digest())
        digest.update(block, 0, count)
    }
}

internal fun hexadecimal(bytes: ByteArray): String =
    bytes.joinToString("") { byte -> (byte.toInt() and 255).toString(16).padStart(2, '0') }

/**
 * `folder/name` if the manifest lists it, it does not lead out of the folder, and its size and hash are what the manifest says.
 */
internal fun checkedFile(folder: File, manifest: Manifest, name: String): File {
    val entry = manifest.files[name]
        ?: throw DsnetException("${File(folder, "manifest.json")}: lists no file '$name'; convert the checkpoint again")
    val file = File(folder, name)
    checkInside(folder, file)
    if (!file.isFile) throw DsnetException("$file: the file is missing; copy or convert the bundle again")
    val found = file.length()
    if (found != entry.bytes) {
        throw DsnetException("$file: $found bytes, the manifest says ${entry.bytes}; copy or convert it again")
    }
    val digest = reading(file) { file.inputStream().use(::sha256) }
    if (digest != entry.sha256) {
        val (is16, says16) = listOf(digest, entry.sha256).map { it.take(16) }
        throw DsnetException("$file: its SHA-256 is $is16..., the manifest says $says16...; copy it again")
    }
    return file
}

/** Refuses a symbolic link that leads out of the folder. */
internal fun checkInside(folder: File, file: File) {
    if (!reading(file) { file.canonicalFile.startsWith(folder.canonicalFile) }) {
        throw DsnetException("$file: a symbolic link out of the bundle; do not trust this bundle, or put the file itself there")
    }
}

internal fun <T> reading(file: File, read: () -> T): T = try {
    read()
} catch (error: IOException) {
    throw DsnetException("$file: not readable (${oneLine(error)}); copy the bundle again", error)
}

internal fun oneLine(error: Throwable): String =
    (error.message ?: error.javaClass.simpleName).replace(Regex("\\s+"), " ").take(200)
