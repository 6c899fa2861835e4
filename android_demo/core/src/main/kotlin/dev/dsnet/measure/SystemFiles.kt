package dev.dsnet.measure

import java.io.File
import java.io.IOException

private const val LARGEST = 1 shl 16 // bytes that are kept of a file

/** `/proc` and `/sys` below `root`. An app may read few of them; what it may not is as if it were not there. */
class SystemFiles(private val root: File = File("/")) {
    fun text(name: String): String? = try {
        File(root, name).inputStream().use { stream ->
            val buffer = ByteArray(LARGEST)
            var size = 0
            while (size < LARGEST) {
                val read = stream.read(buffer, size, LARGEST - size)
                if (read < 0) break
                size += read
            }
            String(buffer, 0, size)
        }
    } catch (_: IOException) {
        null
    } catch (_: SecurityException) {
        null
    }

    /** The whole number that a file begins with. */
    fun number(name: String): Long? = text(name)?.trim()?.split(SPACES, 2)?.first()?.toLongOrNull()

    /** The numbers behind `prefix` of what a folder holds, in ascending order: 0, 1 for cpu0, cpu1, cpufreq. */
    fun numbered(folder: String, prefix: String): List<Int> = File(root, folder).list().orEmpty()
        .filter { it.startsWith(prefix) }
        .mapNotNull { it.removePrefix(prefix).toIntOrNull() }
        .filter { it in 0..MOST }
        .sorted()

    private companion object {
        val SPACES = Regex("\\s+")
        const val MOST = 1023
    }
}

/** One line of at most 200 printable characters, of what a system file or a phone says. */
fun printable(text: String): String = text.split(Regex("[\\s\\u0000]+")).filter { it.isNotEmpty() }.joinToString(" ")
    .filterNot { it.isISOControl() }
    .take(200)

/** Bytes of this process in memory: its own, and those of mapped files. */
data class Resident(val anonymousBytes: Long, val fileBytes: Long)

/** Zero where the kernel is too old to tell (before 4.5). */
fun resident(files: SystemFiles): Resident {
    val status = files.text("proc/self/status").orEmpty()
    fun bytes(field: String): Long = Regex("^$field:\\s*(\\d{1,12}) kB", RegexOption.MULTILINE).find(status)
        ?.let { it.groupValues[1].toLong() * 1024 } ?: 0
    return Resident(bytes("RssAnon"), bytes("RssFile"))
}
