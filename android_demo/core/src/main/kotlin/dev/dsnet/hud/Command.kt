package dev.dsnet.hud

/**
 * One thing to draw, over those before it. Lengths are pixels from the upper left corner, x to the right and y down; colours are
 * ARGB, not premultiplied, and are blended over what is there.
 */
sealed interface Command {
    /** A filled rectangle with round corners (`radius` at most half of its shorter side), antialiased. */
    data class Box(val box: Rect, val radius: Float, val colour: Int) : Command

    /** A filled rectangle whose colour changes evenly from its upper edge to its lower one. */
    data class Fade(val box: Rect, val upper: Int, val lower: Int) : Command

    /**
     * One line of text in the system's sans-serif font with its letters on `baseline`. `x` is the left end of its advance width
     * with [Align.START], the right end with [Align.END], the middle with [Align.CENTRE]. `size` is the em, as in
     * Paint.setTextSize.
     */
    data class Text(
        val text: String,
        val x: Float,
        val baseline: Float,
        val size: Float,
        val weight: Weight,
        val colour: Int,
        val align: Align,
    ) : Command
}

data class Rect(val left: Float, val top: Float, val right: Float, val bottom: Float) {
    val width: Float get() = right - left
    val height: Float get() = bottom - top
}

/** Android's `sans-serif` and `sans-serif-medium`. */
enum class Weight { REGULAR, MEDIUM }

enum class Align { START, CENTRE, END }

/** Advance width, in pixels, of one line of text as the painter will draw it: Paint.measureText. */
fun interface Measure {
    fun width(text: String, size: Float, weight: Weight): Float
}

/**
 * Where the HUD is drawn: all of the picture, `width` x `height` pixels, of which `insets` (bars, cut-outs, controls) are left
 * free.
 */
data class Viewport(
    val width: Int,
    val height: Int,
    val insets: Insets,
    val density: Float, // pixels a dp
    val fontScale: Float, // of the system's settings, 1 to 2
)

data class Insets(val left: Int = 0, val top: Int = 0, val right: Int = 0, val bottom: Int = 0)
