package org.pytorch.executorch;

import java.nio.Buffer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;

/** Over memory of the caller, or of the method that gave it. Fields are read by executorch_jni.cpp. */
public final class Tensor {
    private static final int FLOAT = 6; // ExecuTorch's number of this type

    final Buffer data;
    final long[] shape;
    final int type;

    private Tensor(Buffer data, long[] shape, int type) {
        this.data = data;
        this.shape = shape;
        this.type = type;
    }

    public static Tensor fromBlob(FloatBuffer data, long[] shape) {
        if (!data.isDirect()) throw new IllegalArgumentException("Data buffer must be direct");
        if (data.order() != ByteOrder.nativeOrder()) throw new IllegalArgumentException("Data buffer must have native byte order");
        long numel = 1;
        for (long size : shape) numel *= size;
        if (numel != data.capacity()) throw new IllegalArgumentException(data.capacity() + " elements, expected " + numel);
        return new Tensor(data, shape.clone(), FLOAT);
    }

    public long[] shape() {
        return shape.clone();
    }

    public float[] getDataAsFloatArray() {
        if (type != FLOAT) throw new IllegalStateException("Tensor of scalar type " + type + " cannot return data as float array.");
        FloatBuffer floats = (FloatBuffer) data;
        float[] array = new float[floats.capacity()];
        floats.duplicate().get(array);
        return array;
    }

    /** Called by the native code. */
    static Tensor of(ByteBuffer data, long[] shape, int type) {
        data.order(ByteOrder.nativeOrder());
        return new Tensor(type == FLOAT ? data.asFloatBuffer() : data, shape, type);
    }
}
