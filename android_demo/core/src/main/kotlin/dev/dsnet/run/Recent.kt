package dev.dsnet.run

private const val KEPT = 120
private const val SPAN_S = 2.0

/** The latest frames of a bundle of `nPaths` paths, for statistics that roll along. A new one for each frame. */
data class Recent(val nPaths: Int, val frames: List<Frame> = emptyList()) {
    /** `atS`: when it was done, on a clock that never goes back. */
    data class Frame(val path: Int, val networkMs: Double, val atS: Double)

    fun after(prediction: Prediction, nowS: Double): Recent =
        copy(frames = frames.takeLast(KEPT - 1) + Frame(prediction.path, prediction.timing.networkMs, nowS))

    /** Over the latest two seconds; null before a second frame. */
    val framesPerSecond: Double?
        get() {
            val last = frames.lastOrNull() ?: return null
            val counted = frames.filter { last.atS - it.atS <= SPAN_S }
            val seconds = last.atS - counted.first().atS
            return if (seconds > 0) (counted.size - 1) / seconds else null
        }

    /** How many of the latest frames took each path. */
    val histogram: List<Int>
        get() {
            val counts = IntArray(nPaths)
            for (frame in frames) if (frame.path < nPaths) counts[frame.path]++
            return counts.toList()
        }

    /** What each of them took, the latest last. */
    val recentMs: List<Double> get() = frames.map { it.networkMs }
}
