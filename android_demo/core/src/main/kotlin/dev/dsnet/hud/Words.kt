package dev.dsnet.hud

import java.util.Locale
import kotlin.math.abs

private const val NO_NUMBER = "–"

/** `4.4`, from 100 on without a fraction. */
internal fun number(value: Double): String = when {
    value.isNaN() || value.isInfinite() -> NO_NUMBER
    abs(value) < 99.95 -> fixed(value, 1)
    else -> fixed(value, 0)
}

/** `4.4 ms`; what is too short to tell is `<0.1 ms`. */
internal fun ms(value: Double): String = when {
    value.isNaN() || value.isInfinite() || value < 0 -> NO_NUMBER
    value > 0 && value < 0.05 -> "<0.1 ms"
    else -> number(value) + " ms"
}

/** Of a share between 0 and 1: `87 %`. All or nothing only if it is so. */
internal fun percent(share: Double): String = when {
    share.isNaN() -> NO_NUMBER
    share > 0 && share < 0.005 -> "<1 %"
    share < 1 && share >= 0.995 -> ">99 %"
    else -> fixed(share * 100, 0) + " %"
}

/** Multiply-adds: `820 k`, `5.8 M`, `1.2 G`. */
internal fun count(madds: Double): String = when {
    madds < 999_500 -> number(madds / 1e3) + " k"
    madds < 999_500_000 -> number(madds / 1e6) + " M"
    else -> number(madds / 1e9) + " G"
}

internal fun amount(value: Double, unit: String): String = when (unit) {
    "MAdds" -> count(value) + " " + unit
    "ms" -> ms(value)
    else -> number(value) + " " + unit
}

internal fun framesPerSecond(rate: Double): String = if (rate < 9.95) number(rate) else fixed(rate, 0)

private fun fixed(value: Double, digits: Int): String = String.format(Locale.ROOT, "%.${digits}f", value)
