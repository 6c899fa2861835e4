package org.pytorch.executorch;

/**
 * As much of ExecuTorch's Android API (1.5) as the engine calls, on the ExecuTorch of the Python wheel. It converts as the library's own
 * JNI layer does.
 */
public final class Module {
    public static final int LOAD_MODE_MMAP = 1;

    static {
        System.load(System.getProperty("dsnet.executorch"));
    }

    private long handle;

    private Module(long handle) {
        this.handle = handle;
    }

    public static Module load(String modelPath, int loadMode, int numThreads) {
        if (loadMode != LOAD_MODE_MMAP) throw new IllegalArgumentException("load mode " + loadMode + ", expected " + LOAD_MODE_MMAP);
        return new Module(open(modelPath, numThreads));
    }

    public String[] getMethods() {
        return methods(valid());
    }

    public MethodMetadata getMethodMetadata(String name) {
        return new MethodMetadata(name, backends(valid(), name));
    }

    public void loadMethod(String methodName) {
        loadMethod(valid(), methodName);
    }

    public EValue[] execute(String methodName, EValue... inputs) {
        Tensor[] tensors = new Tensor[inputs.length];
        for (int i = 0; i < inputs.length; i++) tensors[i] = inputs[i].toTensor();
        Tensor[] outputs = execute(valid(), methodName, tensors);
        EValue[] values = new EValue[outputs.length];
        for (int i = 0; i < outputs.length; i++) values[i] = EValue.from(outputs[i]);
        return values;
    }

    public void destroy() {
        close(valid());
        handle = 0;
    }

    private long valid() {
        if (handle == 0) throw new IllegalStateException("Module has been destroyed");
        return handle;
    }

    private static native long open(String path, int threads);

    private static native String[] methods(long handle);

    private static native String[] backends(long handle, String method);

    private static native void loadMethod(long handle, String method);

    private static native Tensor[] execute(long handle, String method, Tensor[] inputs);

    private static native void close(long handle);
}
