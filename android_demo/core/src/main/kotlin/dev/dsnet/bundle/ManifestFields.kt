package dev.dsnet.bundle

import dev.dsnet.json.Field

// The kinds of values that a manifest has, as the definitions of manifest.schema.json name them.

private const val LARGEST = 9007199254740991L
private val FILE = Regex("[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*")
private val SHA256 = Regex("[0-9a-f]{64}")
private val LINE = Regex("[^\\u0000-\\u001f\\u007f]+")
private val TIME = Regex("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}[+]00:00")

internal fun Field.count(): Long = integer(0, LARGEST)

internal fun Field.positive(): Long = integer(1, LARGEST)

internal fun Field.pixels(): Int = integer(1, 8192).toInt()

internal fun Field.line(): String = text(LINE, "one line of 1 to 200 characters", 200)

internal fun Field.time(): String = text(TIME, "a time such as 2026-11-24T20:22:15+00:00")

internal fun Field.digest(): String = text(SHA256, "64 hexadecimal digits")

internal fun Field.fileName(): String = text(
    FILE,
    "the name of a file inside the bundle: letters, digits and ._- between slashes, and nothing that begins with a dot",
    200,
)

internal fun isFileName(name: String): Boolean = name.length <= 200 && FILE.matches(name)
