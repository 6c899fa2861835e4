package org.tensorflow.lite;

public final class Tensor {
    private final DataType type;
    private final int bytes;
    private final QuantizationParams quantization;

    Tensor(DataType type, int bytes, QuantizationParams quantization) {
        this.type = type;
        this.bytes = bytes;
        this.quantization = quantization;
    }

    public DataType dataType() {
        return type;
    }

    public int numBytes() {
        return bytes;
    }

    public QuantizationParams quantizationParams() {
        return quantization;
    }

    public static class QuantizationParams {
        private final float scale;
        private final int zeroPoint;

        QuantizationParams(float scale, int zeroPoint) {
            this.scale = scale;
            this.zeroPoint = zeroPoint;
        }

        public float getScale() {
            return scale;
        }

        public int getZeroPoint() {
            return zeroPoint;
        }
    }
}
