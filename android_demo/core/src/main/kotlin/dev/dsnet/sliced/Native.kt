package dev.dsnet.sliced

import java.nio.FloatBuffer

/**
 * The functions of `libdsnet.so` (android_demo/native/dsnet_jni.cpp). A handle is 0 where there is nothing; one that was closed
 * must not be used again. What opens or creates writes why it could not, one zero-terminated line of UTF-8, into `message`.
 */
internal object Native {
    @JvmStatic external fun openModel(filename: ByteArray, message: ByteArray): Long

    /** After all its sessions. */
    @JvmStatic external fun closeModel(model: Long)

    /** Height, width, paths, classes. */
    @JvmStatic external fun shape(model: Long): IntArray

    /** A thread a core, of which the first is the caller's; or, without cores, that many threads. */
    @JvmStatic external fun createSession(model: Long, threads: Int, cores: IntArray?, message: ByteArray): Long

    @JvmStatic external fun destroySession(session: Long)

    @JvmStatic external fun isa(session: Long): String

    /** False if the buffer is not direct or too small. */
    @JvmStatic external fun prefix(session: Long, image: FloatBuffer): Boolean

    /** False for such a buffer, and before [prefix]. */
    @JvmStatic external fun gate(session: Long, scores: FloatBuffer): Boolean

    /** False for such a buffer, for a path that there is not, and before [gate]. */
    @JvmStatic external fun suffix(session: Long, path: Int, logits: FloatBuffer): Boolean

    /** The big cores that the calling thread may use, fastest first. */
    @JvmStatic external fun bigCores(): IntArray

    /** Of the runtime. */
    @JvmStatic external fun version(): String
}
