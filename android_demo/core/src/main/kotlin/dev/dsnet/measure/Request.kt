package dev.dsnet.measure

import dev.dsnet.DsnetException
import dev.dsnet.engine.Backend
import dev.dsnet.profile.Settings

/**
 * What to measure. `id`: the name of the folder of its results; `bundle`: that of an installed bundle, or null for the first
 * there is.
 */
data class Request(val id: String, val bundle: String?, val lanes: List<Lane>, val settings: Settings)

const val RUN = "run"
val EXTRAS = setOf(RUN, "bundle", "backends", "threads", "blocks", "seconds", "noise")
private const val SEED = 0
private val NAME = Regex("[A-Za-z0-9][A-Za-z0-9._-]{0,63}")

/**
 * From texts by name, as an intent brings them: `run`, and as wanted `bundle`, `backends` and `threads` (separated by commas),
 * `blocks`, `seconds` and `noise` (a fraction). Anyone may have written them. Throws [DsnetException] that names the one that is
 * wrong.
 */
fun readRequest(extras: Map<String, String>): Request {
    (extras.keys - EXTRAS).firstOrNull()?.let { refuse(it.take(40), "one of ${EXTRAS.joinToString()}", "an unknown name") }
    val id = extras[RUN] ?: refuse(RUN, "a name", "none")
    val backends = words(extras["backends"] ?: Backend.SLICED.backend).map { word ->
        Backend.values().find { it.backend == word } ?: refuse("backends", Backend.values().joinToString { it.backend }, word)
    }
    val threads = words(extras["threads"] ?: "1").map { whole("threads", it, 1..MOST_THREADS) }
    return Request(
        id = name(RUN, id),
        bundle = extras["bundle"]?.let { name("bundle", it) },
        lanes = backends.distinct().flatMap { backend -> threads.distinct().map { Lane(backend, it) } },
        settings = Settings(
            seed = SEED,
            blocks = whole("blocks", extras["blocks"] ?: "8", 2..1000),
            blockS = number("seconds", extras["seconds"] ?: "3", 0.1..LONGEST_BLOCK_S),
            noise = number("noise", extras["noise"] ?: "0.03", 0.0..10.0),
        ),
    )
}


fun isRunName(text: String): Boolean = NAME.matches(text)

private fun words(text: String): List<String> = text.split(',').map { it.trim() }

private fun name(extra: String, text: String): String =
    if (NAME.matches(text)) text else refuse(extra, "up to 64 letters, digits, '.', '_' and '-', the first no mark", text)

private fun whole(extra: String, text: String, range: IntRange): Int =
    text.toIntOrNull()?.takeIf { it in range } ?: refuse(extra, "a number from ${range.first} to ${range.last}", text)

private fun number(extra: String, text: String, range: ClosedFloatingPointRange<Double>): Double =
    text.toDoubleOrNull()?.takeIf { it in range } ?: refuse(extra, "a number from ${range.start} to ${range.endInclusive}", text)

private fun refuse(extra: String, expected: String, found: String): Nothing =
    throw DsnetException("benchmark: $extra: expected $expected, found '${printable(found).take(40)}'; change it")
