package dev.dsnet.engine.executorch

import dev.dsnet.bundle.InputSpec
import dev.dsnet.engine.Graph
import dev.dsnet.engine.PREFIX
import dev.dsnet.engine.StagedRuntime
import org.pytorch.executorch.EValue
import org.pytorch.executorch.Module
import org.pytorch.executorch.Tensor
import java.io.File
import java.nio.FloatBuffer

/**
 * Tensors are ExecuTorch's own and lie in the memory of the method that gave them: a feature goes from the prefix to the gate and the
 * suffix as it is.
 *
 * Feature maps and the image are NCHW in channels_last memory, that is NHWC. The Java API knows only the sizes, and copies bytes: so
 * the image is passed as `[1, 3, h, w]` over its NHWC memory.
 */
internal class ExecutorchRuntime(
    image: FloatBuffer,
    spec: InputSpec,
    private val threads: Int,
    private val int8: Boolean,
) : StagedRuntime<EValue> {
    private val modules = HashMap<File, Module>()

    override var name: String = "ExecuTorch"
        private set

    override val image: EValue =
        EValue.from(Tensor.fromBlob(image, longArrayOf(1, 3, spec.height.toLong(), spec.width.toLong())))

    init {
        ThreadPool.join(threads)
    }

    override fun open(file: File, stage: String): Graph<EValue> {
        val module = modules.getOrPut(file) { Module.load(file.absolutePath, Module.LOAD_MODE_MMAP, threads) }
        require(stage in module.getMethods()) { "it has no method $stage" }
        module.loadMethod(stage)
        name = "ExecuTorch, ${module.getMethodMetadata(stage).backends.joinToString()}"
        val graph = Graph<EValue> { inputs -> module.execute(stage, *inputs.toTypedArray()).asList() }
        if (!int8 || stage != PREFIX) return graph
        val features = ContiguousFeatures()
        return Graph { inputs -> graph.run(inputs).map(features::of) }
    }

    override fun floats(tensor: EValue): FloatArray = tensor.toTensor().dataAsFloatArray

    override fun close() {
        try {
            modules.values.forEach(Module::destroy)
        } finally {
            modules.clear()
            ThreadPool.leave()
        }
    }
}
