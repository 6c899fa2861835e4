package dev.dsnet.bundle

import dev.dsnet.DsnetException
import dev.dsnet.json.Field
import dev.dsnet.json.FieldException
import dev.dsnet.json.JsonException
import dev.dsnet.json.parseJson
import dev.dsnet.json.shown
import java.nio.ByteBuffer
import java.nio.charset.CharacterCodingException

internal const val LARGEST_MANIFEST = 16 shl 20
private const val FORMAT = "dsnet-edge bundle"
private const val VERSION = 2.0
private const val AGAIN = "convert the checkpoint again"

/**
 * The manifest in `bytes`, which may be anything: every field of manifest.schema.json and every relation that the Python reader
 * checks, those of fields that a phone does not use too. `source` is its file's name. Throws [DsnetException].
 */
internal fun readManifest(bytes: ByteArray, source: String): Manifest {
    if (bytes.size > LARGEST_MANIFEST) throw DsnetException("$source: larger than $LARGEST_MANIFEST bytes; $AGAIN")
    try {
        val value = parseJson(Charsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString())
        val whole = value as? Map<*, *>
        if (whole?.get("format") != FORMAT) throw DsnetException("$source: not the manifest of a $FORMAT; $AGAIN")
        if (whole["version"] != VERSION) {
            val found = shown(whole["version"])
            throw DsnetException("$source: version $found, this app reads ${VERSION.toInt()}; update the app or convert again")
        }
        return manifest(Field(Field.WHOLE, value), sha256(bytes.inputStream())).also(::checkRelations)
    } catch (error: CharacterCodingException) {
        throw DsnetException("$source: not UTF-8 text; $AGAIN", error)
    } catch (error: JsonException) {
        throw DsnetException("$source: not valid JSON (${error.message}); $AGAIN", error)
    } catch (error: FieldException) {
        throw DsnetException("$source: ${error.message}; $AGAIN", error)
    }
}

private fun manifest(whole: Field, sha256: String): Manifest {
    val fields = whole.members(
        listOf(
            "format", "version", "name", "precision", "source", "created", "tools", "input", "n_classes", "labels", "segments",
            "paths", "arena_bytes", "backends", "golden", "files",
        ),
        listOf("calibration"),
    )
    val precision = fields.getValue("precision").oneOf(listOf("fp32", "int8", "bf16", "fp16"))
    val segments = fields.getValue("segments").members(listOf("prefix", "gate"))
    checkOrigin(fields, precision)
    fields.getValue("arena_bytes").positive()
    return Manifest(
        name = fields.getValue("name").line(),
        precision = precision,
        sha256 = sha256,
        input = input(fields.getValue("input")),
        nClasses = fields.getValue("n_classes").integer(1, 1L shl 20).toInt(),
        labels = fields.getValue("labels").fileName(),
        prefixMadds = segmentMadds(segments.getValue("prefix")),
        gateMadds = segmentMadds(segments.getValue("gate")),
        paths = fields.getValue("paths").list(1..4096).mapIndexed(::path),
        backends = backends(fields.getValue("backends")),
        golden = golden(fields.getValue("golden"), precision),
        files = files(fields.getValue("files")),
    )
}

private fun input(field: Field): InputSpec {
    val fields = field.members(listOf("height", "width", "mean", "std", "color", "resize", "interpolation"))
    fields.getValue("color").oneOf(listOf("RGB"))
    return InputSpec(
        height = fields.getValue("height").pixels(),
        width = fields.getValue("width").pixels(),
        mean = fields.getValue("mean").list(3..3).map { it.number(-1000.0, 1000.0).toFloat() },
        std = fields.getValue("std").list(3..3).map { it.number(1e-6, 1000.0).toFloat() },
        resize = fields.getValue("resize").pixels(),
        interpolation = when (fields.getValue("interpolation").oneOf(listOf("bilinear", "bicubic"))) {
            "bilinear" -> Interpolation.BILINEAR
            else -> Interpolation.BICUBIC
        },
    )
}

private fun segmentMadds(field: Field): Long {
    val fields = field.members(listOf("madds", "parameters"))
    fields.getValue("parameters").count()
    return fields.getValue("madds").count()
}

private fun path(index: Int, field: Field): PathInfo {
    val fields = field.members(
        listOf("index", "choice", "madds", "parameters", "weight_bytes", "activation_bytes", "channels"),
    )
    if (fields.getValue("index").count() != index.toLong()) fields.getValue("index").mustBe("$index")
    return PathInfo(
        index = index,
        choice = fields.getValue("choice").integer(0, Int.MAX_VALUE.toLong()).toInt(),
        madds = fields.getValue("madds").positive(),
        parameters = fields.getValue("parameters").positive(),
        weightBytes = fields.getValue("weight_bytes").positive(),
        activationBytes = fields.getValue("activation_bytes").positive(),
        channels = fields.getValue("channels").list(1..4096).map { it.integer(1, Int.MAX_VALUE.toLong()).toInt() },
    )
}

private fun files(field: Field): Map<String, FileEntry> = field.members(most = 65536).entries.associate { (name, entry) ->
    if (!isFileName(name)) throw FieldException("files has a name that cannot be a file's inside the bundle")
    val fields = entry.members(listOf("bytes", "sha256"))
    name to FileEntry(fields.getValue("bytes").count(), fields.getValue("sha256").digest())
}
