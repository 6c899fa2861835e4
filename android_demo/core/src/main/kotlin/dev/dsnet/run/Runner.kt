package dev.dsnet.run

import dev.dsnet.DsnetException
import dev.dsnet.bundle.Bundle
import dev.dsnet.engine.Engine
import dev.dsnet.engine.EngineException
import dev.dsnet.image.Preprocessor
import dev.dsnet.image.RgbImage
import dev.dsnet.image.YuvFrame
import dev.dsnet.routing.Choice
import dev.dsnet.routing.Policy
import dev.dsnet.routing.choose
import dev.dsnet.routing.gatePolicy
import dev.dsnet.routing.initial

/**
 * Runs a bundle: a picture in, a prediction out, on the path that the gate or the caller chooses. One thread at a time; does not
 * close the engine.
 *
 * `policy` leads the gate and may be exchanged between two pictures, by any thread. A budget in another unit starts a new
 * account. `count`: how many of the most probable labels a prediction has.
 */
class Runner(
    private val bundle: Bundle,
    private val engine: Engine,
    private val preprocessor: Preprocessor = Preprocessor(bundle.manifest.input),
    private val count: Int = 3,
) {
    @Volatile
    var policy: Policy = gatePolicy(bundle.manifest)

    private var accountOf: Policy = policy
    private var state = initial(policy)

    /** Throws [DsnetException] for a path that is none, a frame that is damaged, or where the engine fails. */
    fun frame(frame: YuvFrame, path: Int? = null): Prediction = predict(path) { preprocessor.frame(frame, engine.image) }

    /** The same of an upright picture. */
    fun photo(image: RgbImage, path: Int? = null): Prediction = predict(path) { preprocessor.photo(image, engine.image) }

    private inline fun predict(path: Int?, preprocess: () -> Unit): Prediction {
        val paths = bundle.manifest.paths
        if (path != null && path !in paths.indices) {
            throw DsnetException("path $path is out of range: ${bundle.folder} has paths 0 to ${paths.lastIndex}")
        }
        val begin = System.nanoTime()
        preprocess()
        val afterImage = System.nanoTime()
        engine.prefix()
        val afterPrefix = System.nanoTime()
        val scores = checked(engine.gate(), paths.size, "scores")
        val choice = if (path == null) route(scores) else Choice(path, 0.0, state)
        val kept = scores.toList()
        val afterGate = System.nanoTime()
        val logits = checked(engine.suffix(choice.path), bundle.manifest.nClasses, "logits")
        val end = System.nanoTime()
        return Prediction(
            top = ranked(logits),
            path = choice.path,
            routed = path == null,
            madds = paths[choice.path].madds,
            timing = Timing(ms(begin, afterImage), ms(afterImage, afterPrefix), ms(afterPrefix, afterGate), ms(afterGate, end)),
            scores = kept,
            bias = choice.bias,
            spent = if (accountOf.budget == null) null else state.mean,
        )
    }

    private fun route(scores: FloatArray): Choice {
        val now = policy
        if (now.budget?.unit != accountOf.budget?.unit) state = initial(now)
        accountOf = now
        return choose(now, state, scores).also { state = it.state }
    }

    private fun checked(numbers: FloatArray, expected: Int, what: String): FloatArray {
        val title = engine.backend.title
        if (numbers.size != expected) {
            throw EngineException("$title gives ${numbers.size} $what, ${bundle.folder} has $expected; convert it again")
        }
        if (what == "logits" && numbers.any { it.isNaN() || it.isInfinite() }) {
            val check = "dsnet-edge verify ${bundle.folder.name}"
            throw EngineException("$title gives $what that are not finite; check the bundle with: $check")
        }
        return numbers
    }

    private fun ranked(logits: FloatArray): List<Ranked> {
        val probabilities = softmax(logits)
        return top(probabilities, count).map { Ranked(bundle.labels[it], probabilities[it]) }
    }
}

private fun ms(begin: Long, end: Long): Double = (end - begin) / 1e6
