package dev.dsnet.hud

import dev.dsnet.run.Prediction
import dev.dsnet.run.Ranked
import dev.dsnet.run.Timing
import kotlin.random.Random

/** Models as no file, clock or meter should make them. */
object Hostile {
    private val texts = listOf(
        "", " ", "cat", "x".repeat(10_000), "two\nlines\u0000",
        "\u202Eright to left", "حيوان أليف ذو فراء", "\uD83D\uDC08".repeat(60),
        "\uD83D", "…", "a b c d ".repeat(200), "\t",
    )
    private val numbers = listOf(0.0, -1.0, 1e-9, 0.05, 99.96, 1e12, 1e300, Double.MAX_VALUE) +
        listOf(Double.NaN, Double.POSITIVE_INFINITY, 12.5)

    private val units = listOf("ms", "mJ", "MAdds", "")

    fun text(random: Random): String = texts[random.nextInt(texts.size)]

    fun number(random: Random): Double = numbers[random.nextInt(numbers.size)]

    fun model(random: Random): HudModel {
        val paths = listOf(1, 2, 14, 256)[random.nextInt(4)]
        val situation = Situation(
            engine = text(random),
            manifest = if (random.nextInt(8) == 0) null else Models.manifest(paths),
            message = if (random.nextInt(4) == 0) text(random) else null,
            paused = random.nextBoolean(),
            energy = if (random.nextBoolean()) Energy.Known(number(random), text(random)) else Energy.Unknown(text(random)),
            budget = if (random.nextBoolean()) Budget(number(random), units[random.nextInt(units.size)]) else null,
            heat = number(random),
        )
        val statistics = Statistics(
            framesPerSecond = if (random.nextBoolean()) number(random) else null,
            histogram = List(random.nextInt(300)) { random.nextInt() },
            recentMs = List(random.nextInt(100)) { number(random) },
        )
        return hudModel(situation, if (random.nextInt(8) == 0) null else prediction(random), statistics)
    }

    private fun prediction(random: Random): Prediction = Prediction(
        top = List(random.nextInt(6)) { Ranked(text(random), number(random)) },
        path = random.nextInt(-1, 257),
        routed = random.nextBoolean(),
        madds = listOf(0L, 1L, 999_499L, Long.MAX_VALUE, -5L)[random.nextInt(5)],
        timing = Timing(number(random), number(random), number(random), number(random)),
        scores = emptyList(),
        bias = number(random),
        spent = if (random.nextBoolean()) number(random) else null,
    )
}
