package dev.dsnet.engine.executorch

import dev.dsnet.bundle.Bundle
import dev.dsnet.engine.Backend
import dev.dsnet.engine.Engine
import dev.dsnet.engine.EngineException
import dev.dsnet.engine.EngineOpener
import dev.dsnet.engine.StagedEngine
import dev.dsnet.engine.linked

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
        val runtime = ExecutorchRuntime(image, spec, threads, int8 = bundle.manifest.precision == "int8")
        StagedEngine(bundle, Backend.EXECUTORCH, image, runtime)
    }
}
