package dev.dsnet.engine

import dev.dsnet.bundle.Bundle
import dev.dsnet.bundle.golden
import java.io.File
import java.nio.ByteBuffer
import java.nio.ByteOrder
import kotlin.math.abs
import kotlin.test.assertTrue

internal fun Engine.prefix(normalised: FloatArray) {
    image.clear()
    image.put(normalised)
    prefix()
}

/** Every golden image on every path, against the golden outputs; `tolerance` is of the largest of them. */
internal fun checkEveryPath(bundle: Bundle, engine: Engine, tolerance: Double) {
    val golden = bundle.golden(engine.backend)
    for (index in 0 until golden.images.shape.first()) {
        engine.prefix(golden.images[index])
        assertClose(golden.scores[index], engine.gate(), tolerance, "scores of image $index")
        for (path in bundle.manifest.paths.indices) {
            val expected = golden.logits[path].rows(bundle.manifest.nClasses)[index]
            assertClose(expected, engine.suffix(path), tolerance, "logits of image $index on path $path")
        }
    }
}

/** What Python's runner said of a photo, on the same backend. */
internal class PythonSaid(val photo: String, val image: FloatArray, val path: Int, val logits: FloatArray)

/** From `BACKEND.txt` in the folder `dsnet.python.said`: lines of `photo path logits...`; its normalised image lies beside it. */
internal fun pythonSaid(backend: Backend): List<PythonSaid> {
    val folder = File(System.getProperty("dsnet.python.said"))
    return File(folder, "${backend.backend}.txt").readLines().map { line ->
        val words = line.split(" ")
        val image = floats(File(folder, "${words[0]}.f32").readBytes())
        PythonSaid(words[0], image, words[1].toInt(), FloatArray(words.size - 2) { words[it + 2].toFloat() })
    }
}

internal fun assertClose(expected: FloatArray, found: FloatArray, tolerance: Double, what: String) {
    val scale = expected.maxOf { abs(it) }
    val error = expected.indices.maxOf { abs(expected[it] - found[it]) } / scale.toDouble()
    assertTrue(expected.size == found.size && error <= tolerance, "$what: relative error $error, expected $tolerance at most")
}

internal fun FloatArray.argmax(): Int = indices.maxBy { this[it] }

private fun FloatArray.rows(size: Int): List<FloatArray> = toList().chunked(size) { it.toFloatArray() }

private fun floats(bytes: ByteArray): FloatArray {
    val buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer()
    return FloatArray(buffer.remaining()).also(buffer::get)
}
