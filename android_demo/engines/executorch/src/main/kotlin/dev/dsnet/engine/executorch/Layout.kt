package dev.dsnet.engine.executorch

import org.pytorch.executorch.EValue
import org.pytorch.executorch.Tensor
import java.nio.ByteBuffer
import java.nio.ByteOrder
import java.nio.FloatBuffer

/**
 * Features of int8, `[1, c, h, w]` float32: the prefix gives them in channels_last memory, the gate and the suffixes take them without
 * (dsnet_convert/executorch.py says why). The Java API tells neither, so they are put in order here.
 */
internal class ContiguousFeatures {
    private var contiguous: FloatBuffer? = null

    /** The same numbers in memory of ours, which the next call overwrites. */
    fun of(feature: EValue): EValue {
        val tensor = feature.toTensor()
        val shape = tensor.shape()
        require(shape.size == 4 && shape[0] == 1L) { "the feature is ${shape.asList()}, expected [1, c, h, w]" }
        val (channels, pixels) = shape[1].toInt() to (shape[2] * shape[3]).toInt()
        val nhwc = tensor.dataAsFloatArray
        val nchw = contiguous?.takeIf { it.capacity() == nhwc.size } ?: directFloats(nhwc.size).also { contiguous = it }
        for (channel in 0 until channels) {
            for (pixel in 0 until pixels) nchw.put(channel * pixels + pixel, nhwc[pixel * channels + channel])
        }
        return EValue.from(Tensor.fromBlob(nchw, shape))
    }
}

internal fun directFloats(n: Int): FloatBuffer =
    ByteBuffer.allocateDirect(n * Float.SIZE_BYTES).order(ByteOrder.nativeOrder()).asFloatBuffer()
