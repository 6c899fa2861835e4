package dev.dsnet.hud

import kotlin.math.roundToInt

/** Letters of one width, a little wider than Roboto's on average, so that a test does not depend on the fonts of a machine. */
val monospaced: Measure = Measure { text, size, weight ->
    text.codePointCount(0, text.length) * size * if (weight == Weight.MEDIUM) 0.58f else 0.56f
}

/** Phones and tablets, upright and lying, with and without bars, cut-outs and controls, at all font scales. Sizes in dp. */
val views: List<Viewport> = run {
    val sizes = listOf(320 to 480, 360 to 640, 360 to 800, 411 to 891, 600 to 960, 800 to 1280)
    val insets = listOf(Insets(), Insets(0, 24, 0, 48))
    val cutOut = Insets(40, 24, 48, 0) // of a phone that lies
    val controls = Insets(0, 32, 0, 150) // below, where there is height for them
    sizes.flatMap { (w, h) -> listOf(w to h, h to w) }.flatMap { (w, h) ->
        (if (h >= 600) insets + controls else if (w > h) insets + cutOut else insets).flatMap { inset ->
            listOf(1f, 1.3f, 1.7f, 2f).map { view(w, h, inset, it, if (w < 500) 2.625f else 1.5f) }
        }
    }
}

fun view(widthDp: Int, heightDp: Int, insetsDp: Insets = Insets(), fontScale: Float = 1f, density: Float = 2f): Viewport {
    val px = { dp: Int -> (dp * density).roundToInt() }
    val insets = with(insetsDp) { Insets(px(left), px(top), px(right), px(bottom)) }
    return Viewport(px(widthDp), px(heightDp), insets, density, fontScale)
}

/** The models that look different from each other. */
val models: Map<String, HudModel> = with(Models) {
    mapOf(
        "normal" to normal(),
        "wide" to hudModel(situation(), prediction(13), statistics()),
        "warm" to hudModel(situation().copy(heat = 0.6, budget = Budget(11.2, "ms")), prediction(2), statistics()),
        "no-energy" to hudModel(situation().copy(energy = Energy.Unknown("charging"), budget = null), prediction(), statistics()),
        "paused" to hudModel(situation().copy(paused = true), prediction(), statistics()),
        "message" to hudModel(
            situation().copy(message = "Another app is using the camera; close that app."), prediction(), Statistics(),
        ),
        "waiting" to hudModel(situation(), null, Statistics()),
        "paths-256" to hudModel(situation(256), prediction(97, 256), statistics(256)),
        "long-label" to hudModel(
            situation(),
            prediction(label = "German short-haired pointer, a gun dog of the continental kind", routed = false),
            statistics(),
        ),
    )
}

/** Where the letters of a text may be. */
fun box(text: Command.Text, measure: Measure): Rect {
    val wide = measure.width(text.text, text.size, text.weight)
    val left = when (text.align) {
        Align.START -> text.x
        Align.CENTRE -> text.x - wide / 2
        Align.END -> text.x - wide
    }
    return Rect(left, text.baseline - ASCENT * text.size, left + wide, text.baseline + DESCENT * text.size)
}

const val HAIR: Float = 0.01f // pixels, of rounding

operator fun Rect.contains(other: Rect): Boolean =
    other.left >= left - HAIR && other.top >= top - HAIR && other.right <= right + HAIR && other.bottom <= bottom + HAIR

fun overlap(a: Rect, b: Rect): Boolean =
    a.left < b.right - HAIR && b.left < a.right - HAIR && a.top < b.bottom - HAIR && b.top < a.bottom - HAIR
