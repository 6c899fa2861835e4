package org.pytorch.executorch;

public final class MethodMetadata {
    private final String name;
    private final String[] backends;

    MethodMetadata(String name, String[] backends) {
        this.name = name;
        this.backends = backends;
    }

    public String getName() {
        return name;
    }

    public String[] getBackends() {
        return backends;
    }
}
