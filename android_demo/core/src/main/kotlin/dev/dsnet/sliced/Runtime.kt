package dev.dsnet.sliced

import dev.dsnet.bundle.BackendFiles
import dev.dsnet.bundle.Bundle
import dev.dsnet.engine.Backend
import dev.dsnet.engine.EngineException
import dev.dsnet.engine.EngineOpener

private const val MESSAGE_BYTES = 1024

/** Our own runtime: `libdsnet.so`, over `model.dsnet`. Throws [EngineException], and what [Bundle.file] throws. */
object SlicedRuntime : EngineOpener {
    /** Why there is none; null where it was loaded. */
    private val failure: UnsatisfiedLinkError? = try {
        System.loadLibrary("dsnet")
        null
    } catch (error: UnsatisfiedLinkError) {
        error
    }

    /** With `threads` of them, the caller among them, on whatever cores the system puts them. */
    override fun open(bundle: Bundle, threads: Int): SlicedEngine = open(bundle, threads, null)

    /** With one thread a core; the first core is the calling thread's, which is left where it is. */
    fun open(bundle: Bundle, cores: List<Int>): SlicedEngine = open(bundle, cores.size, cores.toIntArray())

    /** The big cores that the calling thread may use, fastest first: as many as an engine should have threads. */
    fun bigCores(): List<Int> {
        load()
        return Native.bigCores().toList()
    }

    private fun open(bundle: Bundle, threads: Int, cores: IntArray?): SlicedEngine {
        load()
        val files = bundle.manifest.backends[Backend.SLICED.backend] as? BackendFiles.OneFile
            ?: throw EngineException("${bundle.folder}: has no files for the sliced runtime; convert it with --to sliced")
        val file = bundle.file(files.file)
        val begin = System.nanoTime()
        val model = handle { message -> Native.openModel(file.path.toByteArray(), message) }
        val opened = System.nanoTime()
        var session = 0L
        try {
            val shape = Shape(Native.shape(model))
            if (shape != bundle.shape) throw EngineException("$file: $shape, the manifest says ${bundle.shape}; convert it again")
            session = handle { message -> Native.createSession(model, threads, cores, message) }
            return SlicedEngine(model, session, shape, (opened - begin) / 1e6, (System.nanoTime() - opened) / 1e6)
        } catch (error: Throwable) { // out of memory, too
            Native.destroySession(session)
            Native.closeModel(model)
            throw error
        }
    }

    private fun load() {
        if (failure == null) return
        val reason = failure.message.orEmpty().lineSequence().first()
        throw EngineException("libdsnet.so cannot be loaded ($reason); install the app that is built for this processor", failure)
    }

    /** What `open` answers; its message thrown where that is 0. */
    private inline fun handle(open: (message: ByteArray) -> Long): Long {
        val message = ByteArray(MESSAGE_BYTES)
        val handle = open(message)
        if (handle == 0L) throw EngineException(String(message, 0, message.indexOf(0), Charsets.UTF_8))
        return handle
    }
}

/** What a model takes and gives. */
internal data class Shape(val height: Int, val width: Int, val paths: Int, val classes: Int) {
    constructor(numbers: IntArray) : this(numbers[0], numbers[1], numbers[2], numbers[3])
}

private val Bundle.shape: Shape get() = Shape(manifest.input.height, manifest.input.width, manifest.paths.size, manifest.nClasses)
