package org.tensorflow.lite;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/** The process of Python with LiteRT in it (interpreter_server.py says how it is talked to). One call at a time. */
final class Server {
    private static Server server;

    private final DataOutputStream out;
    private final DataInputStream in;

    private Server() throws IOException {
        Process process = new ProcessBuilder(System.getProperty("dsnet.python"), System.getProperty("dsnet.litert"))
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        out = new DataOutputStream(new BufferedOutputStream(process.getOutputStream()));
        in = new DataInputStream(new BufferedInputStream(process.getInputStream()));
    }

    static synchronized Server get() {
        try {
            if (server == null) server = new Server();
            return server;
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }

    /** Fields are text or bytes. What Python refuses is an IllegalArgumentException with its words. */
    synchronized Answer call(Object... fields) {
        try {
            out.writeInt(fields.length);
            for (Object field : fields) {
                byte[] bytes = field instanceof byte[] ? (byte[]) field : field.toString().getBytes(StandardCharsets.UTF_8);
                out.writeInt(bytes.length);
                out.write(bytes);
            }
            out.flush();
            boolean failed = in.readBoolean();
            byte[][] answer = new byte[in.readInt()][];
            for (int i = 0; i < answer.length; i++) {
                answer[i] = new byte[in.readInt()];
                in.readFully(answer[i]);
            }
            if (failed) throw new IllegalArgumentException(new Answer(answer).text());
            return new Answer(answer);
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }

    static final class Answer {
        final byte[][] fields;

        Answer(byte[][] fields) {
            this.fields = fields;
        }

        String text() {
            return text(0);
        }

        String text(int index) {
            return new String(fields[index], StandardCharsets.UTF_8);
        }
    }
}
