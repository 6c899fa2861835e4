package dev.dsnet.bundle

import dev.dsnet.json.Field
import dev.dsnet.json.FieldException

// The parts of a manifest that are there in several forms, or not at all.

private val STAGES = listOf("prefix", "gate", "suffixes")
private val TAKES_ONE_FILE = listOf("sliced", "executorch", "litert")
private val TAKES_STAGES = listOf("executorch", "litert", "onnxruntime", "ncnn")
private val OUTPUTS = listOf("scores", "logits")

/** Of every backend; `sliced` is always there. */
internal fun backends(field: Field): Map<String, BackendFiles> =
    field.members(listOf("sliced"), TAKES_STAGES).mapValues { (backend, entry) -> backendFiles(backend, entry) }

private fun backendFiles(backend: String, entry: Field): BackendFiles {
    val optional = if (backend == "litert") listOf("via") else emptyList()
    val oneFile = backend in TAKES_ONE_FILE && (backend !in TAKES_STAGES || entry.has("file"))
    val fields = entry.members(if (oneFile) listOf("file") else STAGES, optional)
    fields["via"]?.oneOf(listOf("onnx2tf"))
    if (oneFile) return BackendFiles.OneFile(fields.getValue("file").fileName())
    return BackendFiles.Staged(
        prefix = fields.getValue("prefix").fileName(),
        gate = fields.getValue("gate").fileName(),
        suffixes = fields.getValue("suffixes").list(1..4096).map { it.fileName() },
    )
}

/** Names of files by what they hold: `images`, `scores`, `logits`, and `fp32_scores`, `litert_logits` and the like. */
internal fun golden(field: Field, precision: String): Map<String, String> {
    val required = listOf("images") + OUTPUTS + (if (precision == "fp32") emptyList() else OUTPUTS.map { "fp32_$it" })
    val optional = (listOf("fp32") + TAKES_STAGES).flatMap { whose -> OUTPUTS.map { "${whose}_$it" } }
    return field.members(required, optional).mapValues { (_, name) -> name.fileName() }
}

/** Where the weights and the ranges of int8 came from, when, and by which tools. A phone uses nothing of it. */
internal fun checkOrigin(fields: Map<String, Field>, precision: String) {
    val source = fields.getValue("source")
    if (source.has("random_seed")) {
        source.members(listOf("random_seed")).getValue("random_seed").count()
    } else {
        val checkpoint = source.members(listOf("checkpoint", "sha256"))
        checkpoint.getValue("checkpoint").line()
        checkpoint.getValue("sha256").digest()
    }
    fields.getValue("created").time()
    val tools = fields.getValue("tools")
    if (!tools.has("dsnet-edge")) throw FieldException("tools has no field 'dsnet-edge'")
    tools.members().values.forEach { it.line() }
    val calibration = fields["calibration"]
    if ((calibration != null) != (precision == "int8")) {
        val found = if (calibration == null) "none" else "one"
        throw FieldException("calibration belongs to int8 and to nothing else, found $found and precision $precision")
    }
    calibration?.let(::checkCalibration)
}

private fun checkCalibration(calibration: Field) {
    val ofPhotos = calibration.has("sha256")
    val required = if (ofPhotos) listOf("images", "sha256") else listOf("images", "synthetic_seed", "use")
    val fields = calibration.members(required, listOf("ranges"))
    fields.getValue("images").positive()
    fields["sha256"]?.digest()
    fields["synthetic_seed"]?.count()
    fields["use"]?.oneOf(listOf("speed only"))
    fields["ranges"]?.oneOf(listOf("variance", "mse", "percentile", "minmax"))
}

/** What concerns several fields. */
internal fun checkRelations(manifest: Manifest) {
    val paths = manifest.paths
    for ((before, path) in paths.zipWithNext()) {
        if (path.channels.size != before.channels.size) {
            val found = "${path.channels.size} blocks, paths[0] ${before.channels.size}"
            throw FieldException("paths[${path.index}].channels has $found")
        }
        if (path.choice <= before.choice) {
            throw FieldException("paths[${path.index}].choice must be above that of the path before it, found ${path.choice}")
        }
    }
    for ((backend, entry) in manifest.backends) {
        if (entry is BackendFiles.Staged && entry.suffixes.size != paths.size) {
            throw FieldException("backends.$backend has ${entry.suffixes.size} suffixes for ${paths.size} paths")
        }
    }
    namedFiles(manifest).firstOrNull { it !in manifest.files }?.let {
        throw FieldException("files lists no file '$it', which another field names")
    }
}

private fun namedFiles(manifest: Manifest): List<String> = listOf(manifest.labels) + manifest.golden.values +
    manifest.backends.flatMap { (backend, entry) ->
        val names = when (entry) {
            is BackendFiles.OneFile -> listOf(entry.file)
            is BackendFiles.Staged -> listOf(entry.prefix, entry.gate) + entry.suffixes
        }
        if (backend == "ncnn") names + names.map(::besideParam) else names
    }

/** The `.bin` that lies beside a `.param` of ncnn. */
private fun besideParam(name: String): String {
    val file = name.substringAfterLast('/')
    val stem = if (file.lastIndexOf('.') in 1 until file.lastIndex) file.substringBeforeLast('.') else file
    return name.dropLast(file.length) + stem + ".bin"
}
