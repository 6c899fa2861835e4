package dev.dsnet.measure

import dev.dsnet.bundle.Bundle
import dev.dsnet.bundle.golden
import dev.dsnet.engine.Backend
import dev.dsnet.engine.Engine
import dev.dsnet.engine.EngineException
import dev.dsnet.engine.EngineOpener
import java.nio.ByteBuffer
import java.nio.ByteOrder
import java.nio.FloatBuffer
import kotlin.math.sin

/** What a [RecordedEngine] does wrong. */
enum class Fault { NONE, OTHER_LOGITS, NOT_A_NUMBER, OTHER_PATH, REFUSES, OUT_OF_MEMORY, NO_LIBRARY, DIES, HANGS }

/**
 * Knows the golden outputs by heart, and calculates for as long as the path has multiply-adds: an engine without a native
 * library.
 */
class RecordedEngine(bundle: Bundle, override val backend: Backend, private val fault: Fault) : Engine {
    private val golden = bundle.golden(backend)
    private val madds = bundle.manifest.madds
    private var shown = 0
    override val runtime: String = "recorded"
    override val image: FloatBuffer =
        ByteBuffer.allocateDirect(4 * golden.images[0].size).order(ByteOrder.nativeOrder()).asFloatBuffer()

    override fun prefix() {
        val seen = FloatArray(image.capacity()).also { image.duplicate().apply { clear() }.get(it) }
        shown = (0 until golden.images.shape[0]).first { golden.images[it].contentEquals(seen) }
        work(1000)
    }

    override fun gate(): FloatArray {
        val scores = golden.scores[shown]
        if (fault == Fault.OTHER_PATH) scores[scores.indices.minByOrNull { scores[it] } ?: 0] = 1e6f
        return scores
    }

    override fun suffix(path: Int): FloatArray {
        work(madds[path] / 100)
        val classes = golden.logits.shape[2]
        val logits = golden.logits[path].copyOfRange(shown * classes, (shown + 1) * classes)
        if (fault == Fault.OTHER_LOGITS && path == 1) logits[0] += 1f
        if (fault == Fault.NOT_A_NUMBER && path == 1) logits[0] = Float.NaN
        return logits
    }

    override fun close() = Unit

    private fun work(steps: Long) {
        var sum = 0.0
        for (step in 0 until steps) sum += sin(step.toDouble())
        check(sum < 1e9)
    }
}

fun recorded(backend: Backend, fault: Fault): EngineOpener = EngineOpener { bundle, _ ->
    when (fault) {
        Fault.REFUSES -> throw EngineException("model.dsnet: refused by the test")
        Fault.OUT_OF_MEMORY -> throw OutOfMemoryError("by the test")
        Fault.NO_LIBRARY -> throw UnsatisfiedLinkError("no recorded in the test")
        Fault.DIES -> Runtime.getRuntime().halt(139)
        Fault.HANGS -> Thread.sleep(600_000)
        else -> Unit
    }
    RecordedEngine(bundle, backend, fault)
}
