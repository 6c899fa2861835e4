package dev.dsnet.run

import kotlin.math.exp
import kotlin.math.min

/** `exp(logits)` over their sum, in float64. */
internal fun softmax(logits: FloatArray): DoubleArray {
    val greatest = logits.max().toDouble()
    val exponents = DoubleArray(logits.size) { exp(logits[it] - greatest) }
    val sum = exponents.sum()
    for (index in exponents.indices) exponents[index] /= sum
    return exponents
}

/** The indices of the `count` greatest, the greatest first; of equals the one that comes first. */
internal fun top(probabilities: DoubleArray, count: Int): List<Int> {
    val best = ArrayList<Int>(count + 1)
    for (index in probabilities.indices) {
        var place = best.size
        while (place > 0 && probabilities[best[place - 1]] < probabilities[index]) place--
        if (place < count) {
            best.add(place, index)
            if (best.size > count) best.removeAt(count)
        }
    }
    return best.subList(0, min(count, best.size))
}
