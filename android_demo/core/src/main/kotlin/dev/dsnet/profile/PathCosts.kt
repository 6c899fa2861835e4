package dev.dsnet.profile

import dev.dsnet.DsnetException
import dev.dsnet.json.Field
import dev.dsnet.json.FieldException
import dev.dsnet.json.JsonException
import dev.dsnet.json.parseJson
import java.io.File
import java.io.IOException

private const val LARGEST = 64L shl 20
private const val MOST = 1_000_000

/** What the paths of a bundle cost by a profile, for a budget. `ms`: medians of whole inferences, above zero, one a path. */
data class PathCosts(val ms: List<Double>, val verdict: Verdict)

/**
 * Of `backend` at `threads`, from a profile in `file` of the network in `bundle`. The hash may differ: neither weights nor the
 * time of a conversion change what a path costs. Throws [DsnetException] where the file is none, or lacks a path.
 */
fun readPathCosts(file: File, bundle: BundleInfo, backend: String, threads: Int): PathCosts = try {
    if (file.length() > LARGEST) throw FieldException("larger than $LARGEST bytes")
    val whole = Field(Field.WHOLE, parseJson(file.readText())).members()
    fun member(name: String) = whole[name] ?: throw FieldException("it has no field '$name'")
    member("format").oneOf(listOf(PROFILE_FORMAT))
    member("version").integer(PROFILE_VERSION.toLong(), PROFILE_VERSION.toLong())
    checkSameNetwork(member("bundle").members(), bundle)
    val series = member("series").list(0..MOST).map { it.members() }.find {
        it["backend"]?.line() == backend && it["threads"]?.integer(1, MOST.toLong())?.toInt() == threads
    } ?: throw FieldException("it has no times of $backend x$threads (threads)")
    val word = series["verdict"]?.oneOf(Verdict.values().map { it.word }) ?: throw FieldException("series has no field 'verdict'")
    val times = series["paths"]?.list(0..MOST).orEmpty().associate { entry ->
        val fields = entry.members(listOf("path", "suffix_ms", "total_ms"))
        val total = fields.getValue("total_ms").members()
        val median = total["median"] ?: throw FieldException("${entry.place}.total_ms has no field 'median'")
        fields.getValue("path").integer(0, MOST.toLong()).toInt() to median.number(0.0, 1e7)
    }
    val ms = bundle.madds.indices.map { path ->
        times[path]?.takeIf { it > 0 } ?: throw FieldException("it lacks the time of path $path")
    }
    PathCosts(ms, Verdict.values().first { it.word == word })
} catch (error: IOException) {
    throw DsnetException("$file: not readable (${error.message}); measure the bundle again", error)
} catch (error: JsonException) {
    throw DsnetException("$file: not JSON (${error.message}); measure the bundle again", error)
} catch (error: FieldException) {
    throw DsnetException("$file: ${error.message}; measure the bundle again", error)
}

private fun checkSameNetwork(found: Map<String, Field>, bundle: BundleInfo) {
    fun demand(name: String, same: (Field) -> Boolean) {
        val field = found[name] ?: throw FieldException("bundle has no field '$name'")
        if (!same(field)) throw FieldException("it was measured on a bundle of another $name")
    }
    demand("name") { it.line() == bundle.name }
    demand("precision") { it.line() == bundle.precision }
    demand("height") { it.integer(1, MOST.toLong()) == bundle.height.toLong() }
    demand("width") { it.integer(1, MOST.toLong()) == bundle.width.toLong() }
    demand("choices") { field -> field.list(1..MOST).map { it.integer(0, MOST.toLong()) } == bundle.choices.map { it.toLong() } }
    demand("madds") { field -> field.list(1..MOST).map { it.integer(0, Long.MAX_VALUE) } == bundle.madds }
}

private fun Field.line(): String = text(Regex("[^\\p{Cntrl}]{0,1000}"), "a text of one line")
