package dev.dsnet.bundle

/** What `manifest.json` says (docs/bundle.md), as far as a phone needs it. */
data class Manifest(
    val name: String,
    val precision: String,
    val sha256: String, // of manifest.json itself, and so of everything in the bundle
    val input: InputSpec,
    val nClasses: Int,
    val labels: String, // the name of that file
    val prefixMadds: Long,
    val gateMadds: Long,
    val paths: List<PathInfo>,
    val backends: Map<String, BackendFiles>,
    val golden: Map<String, String>,
    val files: Map<String, FileEntry>,
) {
    /** Of every path: what a bias weighs (docs/budget.md). */
    val madds: LongArray get() = LongArray(paths.size) { paths[it].madds }
}

/** How a photo becomes `[height, width, 3]` float32. */
data class InputSpec(
    val height: Int,
    val width: Int,
    val mean: List<Float>,
    val std: List<Float>,
    val resize: Int, // the shorter side, before the crop
    val interpolation: Interpolation,
)

enum class Interpolation { BILINEAR, BICUBIC }

/** `madds` and the like are of the whole network on this path. */
data class PathInfo(
    val index: Int,
    val choice: Int, // what the trained gate calls it
    val madds: Long,
    val parameters: Long,
    val weightBytes: Long,
    val activationBytes: Long,
    val channels: List<Int>, // of every block's output
)

data class FileEntry(val bytes: Long, val sha256: String)

/** Names of a backend's files, inside the bundle. */
sealed interface BackendFiles {
    /** One file: model.dsnet, or one with a method (signature) `prefix`, `gate`, `suffix_00` ... */
    data class OneFile(val file: String) : BackendFiles

    /** One file a stage. */
    data class Staged(val prefix: String, val gate: String, val suffixes: List<String>) : BackendFiles
}
