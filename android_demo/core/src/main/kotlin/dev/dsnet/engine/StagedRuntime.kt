package dev.dsnet.engine

import java.io.File

/**
 * A runtime with a static graph a stage, `T` being what its graphs take and give. A tensor stays as it is until its graph is run
 * again. Whatever it refuses is a RuntimeException; [StagedEngine] says of which file and stage.
 */
interface StagedRuntime<T> : AutoCloseable {
    /** [Engine.runtime]. */
    val name: String

    /** The tensor over [Engine.image]. */
    val image: T

    /** `stage` is that of its method or signature, where the file has several. */
    fun open(file: File, stage: String): Graph<T>

    /** What a graph gave as float32, whatever its own type is. */
    fun floats(tensor: T): FloatArray

    override fun close()
}

/** `prefix(image) -> feature`, `gate(feature) -> scores, attention`, `suffix(feature, attention) -> logits` (docs/bundle.md). */
fun interface Graph<T> {
    fun run(inputs: List<T>): List<T>
}

/** Has `open` say so where the classes or the native library of a runtime are not in this build. */
inline fun <E : Engine> linked(backend: Backend, open: () -> E): E = try {
    open()
} catch (error: LinkageError) {
    val how = "choose another engine, or build the app with Gradle (docs/android.md)"
    throw EngineException("${backend.title} is not in this build; $how", error)
}
