package dev.dsnet.profile

import dev.dsnet.DsnetException
import java.io.File
import java.io.IOException

/**
 * Writes `text` under a temporary name and renames it: whoever reads `file` finds what it was, or all of it. Throws
 * [DsnetException].
 */
fun writeWhole(file: File, text: String) {
    val part = File(file.path + ".part")
    try {
        part.outputStream().use { stream ->
            stream.write(text.toByteArray())
            stream.fd.sync() // else a phone whose battery ends may keep the name without the content
        }
        if (!part.renameTo(file)) throw IOException("it cannot be renamed")
    } catch (error: IOException) {
        throw DsnetException("${file.name} cannot be written (${error.message}); free some space and measure again", error)
    } finally {
        part.delete()
    }
}
