package dev.dsnet.sliced

import dev.dsnet.engine.Backend
import dev.dsnet.engine.Engine
import dev.dsnet.engine.EngineException
import java.nio.ByteBuffer
import java.nio.ByteOrder
import java.nio.FloatBuffer

/**
 * A model that the sliced runtime opened ([SlicedRuntime.open]), and a session over it. After that nothing is allocated, and of
 * an image nothing is copied. To close it while another thread is inside one of its functions waits for that function.
 *
 * `openMs`: mapping and validating the file. `sessionMs`: memory for activations, and threads.
 */
class SlicedEngine internal constructor(
    private var model: Long,
    private var session: Long,
    private val shape: Shape,
    val openMs: Double,
    val sessionMs: Double,
) : Engine {
    private val scores = Output(shape.paths)
    private val logits = Output(shape.classes)

    /** The kernels that run this model on this processor, such as `neon-dotprod`. */
    val isa: String = Native.isa(session)

    override val backend: Backend get() = Backend.SLICED
    override val runtime: String = "dsnet-edge ${Native.version()}, $isa"
    override val image: FloatBuffer = floats(shape.height * shape.width * 3)

    @Synchronized
    override fun prefix() {
        if (!Native.prefix(open(), image)) throw EngineException("prefix(): refused by the runtime; please report this")
    }

    @Synchronized
    override fun gate(): FloatArray {
        if (!Native.gate(open(), scores.buffer)) throw EngineException("gate() needs prefix() first")
        return scores.read()
    }

    @Synchronized
    override fun suffix(path: Int): FloatArray {
        if (path !in 0 until shape.paths) throw EngineException("path: expected 0 to ${shape.paths - 1}, found $path")
        if (!Native.suffix(open(), path, logits.buffer)) throw EngineException("suffix() needs prefix() and gate() first")
        return logits.read()
    }

    @Synchronized
    override fun close() {
        Native.destroySession(session)
        Native.closeModel(model)
        session = 0
        model = 0
    }

    private fun open(): Long {
        if (session == 0L) throw EngineException("the engine is closed; open another")
        return session
    }
}

/** Where the runtime writes, and what the caller is given of it. */
private class Output(size: Int) {
    val buffer = floats(size)
    private val array = FloatArray(size)

    fun read(): FloatArray {
        buffer.rewind()
        buffer.get(array)
        return array
    }
}

private fun floats(size: Int): FloatBuffer =
    ByteBuffer.allocateDirect(size * Float.SIZE_BYTES).order(ByteOrder.nativeOrder()).asFloatBuffer()
