package dev.dsnet.hud

import java.util.Locale
import kotlin.math.abs

private const val NO_NUMBER = "–"
private const val GLUE = "\u00A0" // a space at which no line ends: a number stays with its unit

/** `4.4`, from 100 on without a fraction; what has more than five digits was not measured. */
internal fun number(value: Double): String = when {
    value.isNaN() || abs(value) >= 99_999.5 -> NO_NUMBER
    abs(value) < 99.95 -> fixed(value, 1)
    else -> fixed(value, 0)
}

/** `4.4 ms`; what is too short to tell is `<0.1 ms`. */
internal fun ms(value: Double): String = when {
    value.isNaN() || value < 0 || value >= 99_999.5 -> NO_NUMBER
    value > 0 && value < 0.05 -> "<0.1${GLUE}ms"
    else -> number(value) + GLUE + "ms"
}

/** Of a share between 0 and 1: `87 %`. All or nothing only if it is so. */
internal fun percent(share: Double): String = when {
    share !in 0.0..1.0 -> NO_NUMBER
    share > 0 && share < 0.005 -> "<1$GLUE%"
    share < 1 && share >= 0.995 -> ">99$GLUE%"
    else -> fixed(share * 100, 0) + GLUE + "%"
}

/** Multiply-adds: `820 k`, `5.8 M`, `1.2 G`. */
internal fun count(madds: Double): String = when {
    madds < 999_500 -> number(madds / 1e3) + GLUE + "k"
    madds < 999_500_000 -> number(madds / 1e6) + GLUE + "M"
    else -> number(madds / 1e9) + GLUE + "G"
}

internal fun amount(value: Double, unit: String): String = when (unit) {
    "MAdds" -> count(value) + GLUE + unit
    "ms" -> ms(value)
    else -> number(value) + GLUE + unit
}

/** Of [amount] and the like, in words, as some voices leave signs out. */
internal fun aloud(text: String): String = text
    .replace("<", "less than ").replace(">", "more than ").replace(NO_NUMBER, "unknown").replace(GLUE, " ")
    .replace(" %", " percent").replace(" ms", " milliseconds").replace(" mJ", " millijoules")
    .replace(" k MAdds", " thousand multiply-adds")
    .replace(" M MAdds", " million multiply-adds")
    .replace(" G MAdds", " billion multiply-adds")

internal fun framesPerSecond(rate: Double): String = if (rate < 9.95) number(rate) else fixed(rate, 0)

private fun fixed(value: Double, digits: Int): String = String.format(Locale.ROOT, "%.${digits}f", value)
