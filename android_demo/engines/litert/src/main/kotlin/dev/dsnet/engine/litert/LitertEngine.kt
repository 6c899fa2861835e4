package dev.dsnet.engine.litert

import dev.dsnet.bundle.Bundle
import dev.dsnet.engine.Backend
import dev.dsnet.engine.Engine
import dev.dsnet.engine.EngineOpener
import dev.dsnet.engine.StagedEngine
import dev.dsnet.engine.linked

/** Opens bundles with LiteRT for Android: `model.tflite`, or a `.tflite` a stage, in fp32, fp16 or int8. */
object LitertEngine : EngineOpener {
    override fun open(bundle: Bundle, threads: Int): Engine = linked(Backend.LITERT) {
        val spec = bundle.manifest.input
        val bytes = directBytes(spec.height * spec.width * 3 * Float.SIZE_BYTES)
        val image = LitertTensor(bytes, quantization = null)
        StagedEngine(bundle, Backend.LITERT, bytes.asFloatBuffer(), LitertRuntime(image, threads))
    }
}
