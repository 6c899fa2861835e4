package dev.dsnet.bundle

import dev.dsnet.DsnetException
import dev.dsnet.engine.Backend

/** What a device compares itself with. */
class Golden(
    val images: FloatArrayND, // [n, height, width, 3], normalised
    val scores: FloatArrayND, // [n, paths]
    val logits: FloatArrayND, // [paths, n, classes]
)

/**
 * The golden inputs of a bundle, and the outputs that `backend` should give on them: the oracle's where it runs the bundle's own
 * numbers or the precision is fp32, else those that this backend gave where the bundle was converted.
 *
 * Throws [DsnetException] where the bundle has none, or its files are not what they should be.
 */
fun Bundle.golden(backend: Backend): Golden {
    val whose = if (manifest.precision == "fp32" || backend == Backend.SLICED) "" else "${backend.backend}_"
    if (whose.isNotEmpty() && "${whose}logits" !in manifest.golden) {
        val own = "${backend.title}'s own ${manifest.precision}"
        throw DsnetException("$folder: no golden outputs of $own; convert it where that runtime is installed")
    }
    val images = array("images", listOf(null, manifest.input.height, manifest.input.width, 3))
    val n = images.shape.first()
    return Golden(
        images,
        array("${whose}scores", listOf(n, manifest.paths.size)),
        array("${whose}logits", listOf(manifest.paths.size, n, manifest.nClasses)),
    )
}

private fun Bundle.array(key: String, shape: List<Int?>): FloatArrayND {
    val name = manifest.golden[key]
        ?: throw DsnetException("$folder: the manifest names no golden '$key'; convert the checkpoint again")
    return readNpy(file(name), shape)
}
