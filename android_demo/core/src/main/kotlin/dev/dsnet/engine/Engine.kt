package dev.dsnet.engine

import dev.dsnet.DsnetException
import dev.dsnet.bundle.Bundle
import java.nio.FloatBuffer

/** A runtime that can run a bundle. `backend` is its name in a manifest and in a profile. */
enum class Backend(val backend: String, val title: String) {
    SLICED("sliced", "Sliced"),
    EXECUTORCH("executorch", "ExecuTorch"),
    LITERT("litert", "LiteRT"),
}

/** A runtime that is not there, refuses a file, or fails. */
class EngineException(message: String, cause: Throwable? = null) : DsnetException(message, cause)

/**
 * One bundle, opened by one runtime. One thread at a time.
 *
 * Dynamic inference: fill [image], then [prefix], [gate], and [suffix] on the path that the scores led to. The arrays returned are the
 * engine's own and are overwritten by the next call. Every function throws [EngineException].
 */
interface Engine : AutoCloseable {
    val backend: Backend

    /** The runtime and its version, or the kernels it chose, such as `dsnet-edge 0.1.0, neon-dotprod`. */
    val runtime: String

    /** `[height, width, 3]` float32, normalised, direct. The engine reads it where it is. */
    val image: FloatBuffer

    fun prefix()

    /** Scores `[paths]`. */
    fun gate(): FloatArray

    /** Logits `[classes]`. */
    fun suffix(path: Int): FloatArray

    override fun close()
}

/** Opens a bundle; throws [EngineException] where it is not of this build, or the bundle has no files for it. */
fun interface EngineOpener {
    fun open(bundle: Bundle, threads: Int): Engine
}
