package dev.dsnet.engine.litert

import dev.dsnet.engine.Graph
import org.tensorflow.lite.DataType
import org.tensorflow.lite.Interpreter
import org.tensorflow.lite.Tensor

/**
 * One signature of an interpreter. Its outputs are written to memory of ours: LiteRT's own is not promised to stay as it is when
 * another signature of the file runs. Its inputs are `args_0`, `args_1`, its outputs `output_0`, `output_1`, as the converter names them.
 */
internal class LitertGraph(private val interpreter: Interpreter, private val signature: String) : Graph<LitertTensor> {
    private val inputNames = interpreter.getSignatureInputs(signature).sorted()
    private val slots = inputNames.map { tensorLike(it, interpreter.getInputTensorFromSignature(it, signature)) }
    private val inputs = HashMap<String, Any>()
    private val outputNames = interpreter.getSignatureOutputs(signature).sorted()
    private val results = outputNames.map { tensorLike(it, interpreter.getOutputTensorFromSignature(it, signature)) }
    private val outputs: Map<String, Any> = outputNames.zip(results.map { it.bytes }).toMap()

    override fun run(inputs: List<LitertTensor>): List<LitertTensor> {
        require(inputs.size == slots.size) { "it takes ${slots.size} tensors, expected ${inputs.size}" }
        for ((index, tensor) in inputs.withIndex()) this.inputs[inputNames[index]] = fitted(tensor, slots[index]).bytes
        for (result in results) result.bytes.clear()
        interpreter.runSignature(this.inputs, outputs, signature)
        return results
    }
}

/** `tensor` in the quantisation of `slot`: itself where that is the same. */
private fun fitted(tensor: LitertTensor, slot: LitertTensor): LitertTensor =
    if (slot.takes(tensor)) tensor else slot.apply { copyFrom(tensor) }

private fun tensorLike(name: String, tensor: Tensor): LitertTensor {
    val parameters = tensor.quantizationParams()
    val quantization = if (parameters.scale > 0f) Quantization(parameters.scale, parameters.zeroPoint) else null
    val expected = if (quantization == null) DataType.FLOAT32 else DataType.INT8
    require(tensor.dataType() == expected) {
        "$name is ${tensor.dataType()} of scale ${parameters.scale}, expected INT8 with a scale or FLOAT32 without one"
    }
    return LitertTensor(directBytes(tensor.numBytes()), quantization)
}
