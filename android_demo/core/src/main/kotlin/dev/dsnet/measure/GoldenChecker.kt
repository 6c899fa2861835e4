package dev.dsnet.measure

import dev.dsnet.DsnetException
import dev.dsnet.bundle.Bundle
import dev.dsnet.bundle.FloatArrayND
import dev.dsnet.bundle.golden
import dev.dsnet.engine.EngineOpener
import kotlin.math.abs

/** Largest relative error of logits and of scores against the golden outputs: `TOLERANCE` of dsnet_edge/runtime/measures.py. */
private val TOLERANCE = mapOf("fp32" to 1e-4, "fp16" to 1e-2, "bf16" to 5e-2, "int8" to 0.1)

/** Runs every path on every golden image. A miss is no error: [DsnetException] where the bundle or the engine is unusable. */
fun checkGolden(job: CheckJob, bundle: Bundle, opener: EngineOpener): GoldenCheck {
    val expected = bundle.golden(job.backend)
    val precision = bundle.manifest.precision
    val tolerance = TOLERANCE[precision]
        ?: throw DsnetException("${bundle.folder}: precision $precision has no tolerance; update the app")
    return opener.open(bundle, job.threads).use { engine ->
        val pathErrors = Array(bundle.manifest.paths.size) { Error() }
        val gateError = Error()
        var wrongChoices = 0
        for (image in 0 until expected.images.shape[0]) {
            engine.show(expected.images[image])
            engine.prefix()
            val scores = engine.gate().copyOf()
            val expectedScores = expected.scores[image]
            gateError.add(scores, expectedScores)
            if (isWrong(scores, expectedScores, 2 * tolerance * largest(expected.scores))) wrongChoices++
            for (path in pathErrors.indices) pathErrors[path].add(engine.suffix(path), logits(expected.logits, path, image))
        }
        val n = expected.images.shape[0]
        GoldenCheck(engine.runtime, n, tolerance, pathErrors.map { it.relative }, gateError.relative, wrongChoices)
    }
}

/**
 * The largest absolute error over the largest absolute value expected, of all that was added; the largest number for what is not
 * finite.
 */
private class Error {
    private var largestError = 0.0
    private var largestExpected = 0.0

    val relative: Double
        get() = if (largestError == 0.0) 0.0 else (largestError / largestExpected).coerceAtMost(Double.MAX_VALUE)

    fun add(found: FloatArray, expected: FloatArray) {
        for (index in expected.indices) {
            val error = abs(found[index].toDouble() - expected[index])
            largestError = if (error.isNaN()) Double.POSITIVE_INFINITY else maxOf(largestError, error)
            largestExpected = maxOf(largestExpected, abs(expected[index].toDouble()))
        }
    }
}

/**
 * Where the two best scores expected lie closer together than scores within the tolerance may be off, either path is a right
 * answer.
 */
private fun isWrong(scores: FloatArray, expected: FloatArray, slack: Double): Boolean {
    val choice = indexOfLargest(scores)
    val best = indexOfLargest(expected)
    return choice != best && expected[best].toDouble() - expected[choice] > slack
}

private fun largest(array: FloatArrayND): Double = array.values.maxOf { abs(it.toDouble()) }

private fun logits(array: FloatArrayND, path: Int, image: Int): FloatArray {
    val (_, n, classes) = array.shape
    val start = (path * n + image) * classes
    return array.values.copyOfRange(start, start + classes)
}
