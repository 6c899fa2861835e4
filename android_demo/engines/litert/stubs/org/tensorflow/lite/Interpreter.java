package org.tensorflow.lite;

import java.io.File;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashMap;
import java.util.Map;

/**
 * As much of LiteRT's Java API as the engine calls: what the engine is compiled against. Where the tests run, it runs as well, in the
 * interpreter of LiteRT's Python package. It refuses what the API's documentation says is refused.
 */
public final class Interpreter implements AutoCloseable {
    public static final class Options {
        private int threads = -1;
        private boolean xnnpack = true;

        public Options setNumThreads(int numThreads) {
            threads = numThreads;
            return this;
        }

        public Options setUseXNNPACK(boolean useXNNPACK) {
            xnnpack = useXNNPACK;
            return this;
        }
    }

    private static final String INPUT = "input";
    private static final String OUTPUT = "output";

    private final Map<String, Tensor> tensors = new HashMap<>();
    private String handle;

    public Interpreter(File modelFile, Options options) {
        if (!options.xnnpack) throw new IllegalArgumentException("without XNNPACK, expected with it");
        handle = Server.get().call("open", modelFile.getPath(), options.threads).text();
    }

    public String[] getSignatureKeys() {
        return strings(Server.get().call("signatures", valid()));
    }

    public String[] getSignatureInputs(String signatureKey) {
        return strings(Server.get().call("names", valid(), signatureKey, INPUT));
    }

    public String[] getSignatureOutputs(String signatureKey) {
        return strings(Server.get().call("names", valid(), signatureKey, OUTPUT));
    }

    public Tensor getInputTensorFromSignature(String inputName, String signatureKey) {
        return tensor(signatureKey, INPUT, inputName);
    }

    public Tensor getOutputTensorFromSignature(String outputName, String signatureKey) {
        return tensor(signatureKey, OUTPUT, outputName);
    }

    /** Only direct buffers of native order, an input of its tensor's size, an output with room for its own. */
    public void runSignature(Map<String, Object> inputs, Map<String, Object> outputs, String signatureKey) {
        Object[] call = new Object[3 + 2 * inputs.size()];
        call[0] = "run";
        call[1] = valid();
        call[2] = signatureKey;
        int next = 3;
        for (Map.Entry<String, Object> input : inputs.entrySet()) {
            ByteBuffer source = direct(input.getValue()).duplicate();
            source.clear(); // the whole of it, wherever its position is
            int expected = tensor(signatureKey, INPUT, input.getKey()).numBytes();
            if (source.capacity() != expected) {
                throw new IllegalArgumentException("Cannot copy to a TensorFlowLite tensor (" + input.getKey() + ") with " + expected
                        + " bytes from a Java Buffer with " + source.capacity() + " bytes.");
            }
            byte[] bytes = new byte[expected];
            source.get(bytes);
            call[next++] = input.getKey();
            call[next++] = bytes;
        }
        byte[][] answer = Server.get().call(call).fields;
        for (int i = 0; i < answer.length; i += 2) {
            Object output = outputs.get(new String(answer[i], java.nio.charset.StandardCharsets.UTF_8));
            if (output != null) direct(output).put(answer[i + 1]); // from its position on
        }
    }

    @Override
    public void close() {
        Server.get().call("close", valid());
        handle = null;
    }

    private Tensor tensor(String signature, String side, String name) {
        return tensors.computeIfAbsent(signature + " " + side + " " + name, key -> {
            Server.Answer answer = Server.get().call("tensor", valid(), signature, side, name);
            Tensor.QuantizationParams quantization =
                    new Tensor.QuantizationParams(Float.parseFloat(answer.text(2)), Integer.parseInt(answer.text(3)));
            return new Tensor(DataType.valueOf(answer.text(0)), Integer.parseInt(answer.text(1)), quantization);
        });
    }

    private String valid() {
        if (handle == null) throw new IllegalStateException("Internal error: The Interpreter has already been closed.");
        return handle;
    }

    private static ByteBuffer direct(Object value) {
        ByteBuffer buffer = (ByteBuffer) value;
        if (!buffer.isDirect() || buffer.order() != ByteOrder.nativeOrder()) {
            throw new IllegalArgumentException("expected a direct buffer of native order");
        }
        return buffer;
    }

    private static String[] strings(Server.Answer answer) {
        String[] texts = new String[answer.fields.length];
        for (int i = 0; i < texts.length; i++) texts[i] = answer.text(i);
        return texts;
    }
}
