package dev.dsnet.engine

import dev.dsnet.DsnetException
import dev.dsnet.bundle.Bundle
import java.io.File
import java.nio.FloatBuffer

/**
 * A bundle on a runtime with a graph a stage. The prefix and the gate are opened at once; a suffix when it is first asked for, as
 * runtimes pack a copy of its weights then: a path that is never taken costs nothing. Takes `library` over, and closes it.
 */
class StagedEngine<T : Any>(
    private val bundle: Bundle,
    override val backend: Backend,
    override val image: FloatBuffer,
    private val library: StagedRuntime<T>,
) : Engine {
    override val runtime: String get() = library.name

    private val files: Map<String, String>
    private val checked = HashMap<String, File>() // by name: checking a file reads all of it
    private val graphs = HashMap<String, Graph<T>>()
    private var feature: T? = null // of the last prefix
    private var attention: T? = null // of the last gate
    private var closed = false

    init {
        try {
            files = stageFiles(bundle, backend)
            graph(PREFIX)
            graph(GATE)
        } catch (error: Throwable) {
            library.close()
            throw error
        }
    }

    override fun prefix() {
        attention = null
        feature = null
        feature = run(PREFIX, 1, listOf(library.image)).single()
    }

    override fun gate(): FloatArray {
        val (scores, attention) = run(GATE, 2, listOf(after(PREFIX, feature)))
        this.attention = attention
        return floats(GATE, scores, bundle.manifest.paths.size)
    }

    override fun suffix(path: Int): FloatArray {
        if (path !in bundle.manifest.paths.indices) {
            throw EngineException("path $path, expected 0 to ${bundle.manifest.paths.lastIndex}")
        }
        val stage = suffixStage(path)
        val logits = run(stage, 1, listOf(after(PREFIX, feature), after(GATE, attention))).single()
        return floats(stage, logits, bundle.manifest.nClasses)
    }

    override fun close() {
        if (closed) return
        closed = true
        graphs.clear()
        feature = null
        attention = null
        library.close()
    }

    private fun graph(stage: String): Graph<T> {
        if (closed) throw EngineException("${backend.title} is closed")
        return graphs.getOrPut(stage) {
            val file = checkedFile(files.getValue(stage))
            naming(stage) { library.open(file, stage) }
        }
    }

    private fun checkedFile(name: String): File = try {
        checked.getOrPut(name) { bundle.file(name) }
    } catch (error: DsnetException) {
        throw EngineException(error.message.orEmpty(), error)
    }

    private fun run(stage: String, nOutputs: Int, inputs: List<T>): List<T> {
        val graph = graph(stage)
        val outputs = naming(stage) { graph.run(inputs) }
        return outputs.also { expect(stage, "tensors", it.size, nOutputs) }
    }

    private fun floats(stage: String, tensor: T, n: Int): FloatArray =
        naming(stage) { library.floats(tensor) }.also { expect(stage, "numbers", it.size, n) }

    private fun after(stage: String, tensor: T?): T = tensor ?: throw EngineException("run the $stage first")

    private fun expect(stage: String, what: String, found: Int, expected: Int) {
        if (found != expected) {
            throw EngineException("${files[stage]}: $stage gives $found $what, expected $expected; convert it again")
        }
    }

    private inline fun <R> naming(stage: String, call: () -> R): R = try {
        call()
    } catch (error: RuntimeException) {
        val reason = (error.message ?: error.javaClass.simpleName).replace(WHITESPACE, " ").trim()
        throw EngineException("${files[stage]}: $stage failed on ${backend.title} ($reason); convert it again", error)
    }
}

private val WHITESPACE = Regex("\\s+")
