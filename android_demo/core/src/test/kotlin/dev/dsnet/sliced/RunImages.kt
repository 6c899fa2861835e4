package dev.dsnet.sliced

import dev.dsnet.DsnetException
import dev.dsnet.bundle.Bundle
import dev.dsnet.bundle.readNpy
import java.io.File

/**
 * For tests/test_android_native.py, on whatever processor this JVM is for: `RunImagesKt BUNDLE IMAGES.npy THREADS`.
 *
 * Prints the kernels, then for every image a line of the path with the highest score, the scores, and that path's logits; and
 * last what the runtime says of a file that is no model, to which it comes by a C++ exception.
 */
fun main(arguments: Array<String>) = try {
    run(arguments)
} catch (error: DsnetException) {
    println(error.message)
}

private fun run(arguments: Array<String>) {
    val (folder, file, threads) = arguments
    val bundle = Bundle.open(File(folder))
    val images = readNpy(File(file), listOf(null, bundle.manifest.input.height, bundle.manifest.input.width, 3))
    SlicedRuntime.open(bundle, threads.toInt()).use { engine ->
        println(engine.isa)
        for (i in 0 until images.shape.first()) {
            engine.image.rewind()
            engine.image.put(images[i])
            engine.prefix()
            val scores = engine.gate()
            val path = scores.indices.maxByOrNull { scores[it] } ?: 0
            println((listOf(path) + scores.toList() + engine.suffix(path).toList()).joinToString(" "))
        }
    }
    val message = ByteArray(1024)
    Native.openModel(File(folder, "labels.txt").path.toByteArray(), message)
    println(String(message, 0, message.indexOf(0)))
}
