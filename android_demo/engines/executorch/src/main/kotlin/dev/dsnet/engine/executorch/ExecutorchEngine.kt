package dev.dsnet.engine.executorch

import dev.dsnet.bundle.Bundle
import dev.dsnet.engine.Backend
import dev.dsnet.engine.Engine
import dev.dsnet.engine.EngineException
import dev.dsnet.engine.EngineOpener
import dev.dsnet.engine.StagedEngine
import dev.dsnet.engine.linked
import java.nio.ByteBuffer
import java.nio.ByteOrder
import java.nio.FloatBuffer

/** Opens bundles with ExecuTorch for Android: `model.pte`, or a `.pte` a stage, in fp32 or int8. */
object ExecutorchEngine : EngineOpener {
    override fun open(bundle: Bundle, threads: Int): Engine = linked(Backend.EXECUTORCH) {
        if (bundle.manifest.precision == "fp16") {
            throw EngineException(
                "${bundle.manifest.name}: its ExecuTorch graphs take float16, which this app does not give them; " +
                    "run it with LiteRT, or convert it with --precision fp32",
            )
        }
        val spec = bundle.manifest.input
        val image = directFloats(spec.height * spec.width * 3)
        StagedEngine(bundle, Backend.EXECUTORCH, image, ExecutorchRuntime(image, spec, threads))
    }
}

private fun directFloats(n: Int): FloatBuffer =
    ByteBuffer.allocateDirect(n * Float.SIZE_BYTES).order(ByteOrder.nativeOrder()).asFloatBuffer()
