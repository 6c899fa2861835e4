package dev.dsnet.hud

import dev.dsnet.bundle.InputSpec
import dev.dsnet.bundle.Interpolation
import dev.dsnet.bundle.Manifest
import dev.dsnet.bundle.PathInfo
import dev.dsnet.run.Prediction
import dev.dsnet.run.Ranked
import dev.dsnet.run.Timing

/** Models for tests and screenshots: a network of so many paths, whose numbers grow evenly. */
object Models {
    fun manifest(paths: Int = 14): Manifest = Manifest(
        name = "dsmbnet14",
        precision = "fp32",
        sha256 = "0".repeat(64),
        input = InputSpec(224, 224, listOf(0.5f, 0.5f, 0.5f), listOf(0.2f, 0.2f, 0.2f), 256, Interpolation.BILINEAR),
        nClasses = 1000,
        labels = "labels.txt",
        prefixMadds = 60_000_000,
        gateMadds = 200_000,
        paths = List(paths) {
            val channels = if (paths == 1) 1280 else 448 + 832 * it / (paths - 1)
            val madds = 120_000_000L + 450_000L * channels
            PathInfo(it, it, madds, 1_000_000, 4_000_000, 2_000_000, listOf(16, 24, channels, channels))
        },
        backends = emptyMap(),
        golden = emptyMap(),
        files = emptyMap(),
    )

    fun prediction(path: Int = 5, paths: Int = 14, label: String = "espresso", routed: Boolean = true): Prediction = Prediction(
        top = listOf(Ranked(label, 0.8714), Ranked("coffee mug", 0.0912), Ranked("soup bowl", 0.0231)),
        path = path,
        routed = routed,
        madds = manifest(paths).paths[path].madds,
        timing = Timing(1.31, 3.42, 0.02, 4.2 + 0.9 * path * 13 / maxOf(1, paths - 1)),
        scores = List(paths) { 0f },
        bias = 0.0,
        spent = 13.4,
    )

    fun statistics(paths: Int = 14): Statistics = Statistics(
        framesPerSecond = 24.3,
        histogram = List(paths) { (it * 37 + 11) % 61 * (paths - it) / paths },
        recentMs = List(60) { 11.0 + (it * 29 + 7) % 13 },
    )

    fun situation(paths: Int = 14): Situation = Situation(
        engine = "Sliced",
        manifest = manifest(paths),
        energy = Energy.Known(12.36, "whole phone"),
        budget = Budget(13.5, "ms"),
    )

    fun normal(paths: Int = 14): HudModel = hudModel(situation(paths), prediction(5 * paths / 14, paths), statistics(paths))
}
