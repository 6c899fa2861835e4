package dev.dsnet.engine.litert

import dev.dsnet.engine.Graph
import dev.dsnet.engine.StagedRuntime
import org.tensorflow.lite.Interpreter
import org.tensorflow.lite.TensorFlowLite
import java.io.File

/**
 * By the Interpreter, with XNNPACK, which LiteRT 1 and 2 both have. CompiledModel of LiteRT 2 would copy every tensor through arrays that
 * it allocates, and does not tell the quantisation of tensors, without which the stages of an int8 bundle cannot be joined.
 */
internal class LitertRuntime(override val image: LitertTensor, private val threads: Int) : StagedRuntime<LitertTensor> {
    private val interpreters = HashMap<File, Interpreter>()

    override val name: String = "LiteRT ${TensorFlowLite.runtimeVersion()}, Interpreter"

    override fun open(file: File, stage: String): Graph<LitertTensor> {
        val interpreter = interpreters.getOrPut(file) { // maps the file
            Interpreter(file, Interpreter.Options().setNumThreads(threads).setUseXNNPACK(true))
        }
        val signatures = interpreter.signatureKeys
        val signature = signatures.singleOrNull() ?: stage // the only one of a file has a name of the converter's
        require(signature in signatures) { "it has no signature $signature" }
        return LitertGraph(interpreter, signature)
    }

    override fun floats(tensor: LitertTensor): FloatArray = FloatArray(tensor.size) { tensor[it] }

    override fun close() {
        interpreters.values.forEach(Interpreter::close)
        interpreters.clear()
    }
}
