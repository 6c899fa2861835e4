package dev.dsnet.measure

import kotlin.random.Random

/** The numbers below `n` in the random order of this `seed` and `turn`, the same on every machine. */
internal fun shuffled(n: Int, seed: Int, turn: Int): List<Int> = (0 until n).shuffled(Random(seed * 1_000_003 + turn))

/** The first of them, of at least one. */
internal fun indexOfLargest(values: FloatArray): Int = values.indices.maxByOrNull { values[it] } ?: 0
