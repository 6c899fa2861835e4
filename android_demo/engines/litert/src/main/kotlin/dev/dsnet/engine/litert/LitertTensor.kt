package dev.dsnet.engine.litert

import java.nio.ByteBuffer
import java.nio.ByteOrder

/** `real = scale * (q - zeroPoint)` of int8 numbers. */
internal data class Quantization(val scale: Float, val zeroPoint: Int) {
    /** Scales of two graphs that were converted apart differ in the last digits. */
    fun isSame(other: Quantization): Boolean =
        zeroPoint == other.zeroPoint && Math.abs(scale - other.scale) <= 1e-4f * other.scale

    fun real(q: Byte): Float = scale * (q - zeroPoint)

    fun nearest(real: Float): Byte = (Math.rint((real / scale).toDouble()) + zeroPoint).coerceIn(-128.0, 127.0).toInt().toByte()
}

/** Numbers in direct memory of ours: float32, or int8 where there is a quantisation. */
internal class LitertTensor(val bytes: ByteBuffer, val quantization: Quantization?) {
    private val floats = bytes.asFloatBuffer()

    val size: Int get() = if (quantization == null) floats.capacity() else bytes.capacity()

    operator fun get(index: Int): Float = quantization?.real(bytes.get(index)) ?: floats.get(index)

    operator fun set(index: Int, real: Float) {
        if (quantization == null) floats.put(index, real) else bytes.put(index, quantization.nearest(real))
    }

    /** Whether a graph that takes tensors like this one may read `other` where it is. */
    fun takes(other: LitertTensor): Boolean {
        val (ours, theirs) = quantization to other.quantization
        return if (ours == null || theirs == null) ours == theirs else ours.isSame(theirs)
    }

    fun copyFrom(other: LitertTensor) {
        require(size == other.size) { "it takes $size numbers, found ${other.size}" }
        for (index in 0 until size) this[index] = other[index]
    }
}

/** Direct, of native byte order, as LiteRT reads it without another copy. */
internal fun directBytes(n: Int): ByteBuffer = ByteBuffer.allocateDirect(n).order(ByteOrder.nativeOrder())
