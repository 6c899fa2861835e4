package dev.dsnet.hud

/** Above and below its baseline, text takes so much of its size; in Roboto Latin letters with accents do. */
const val ASCENT: Float = 0.95f
const val DESCENT: Float = 0.25f

private const val GROWS_WHOLLY_SP = 14f

/** A size in sp at the font scale 1, and a weight. */
internal enum class Style(val sp: Float, val weight: Weight) {
    HEADLINE(28f, Weight.MEDIUM),
    LONG_HEADLINE(20f, Weight.MEDIUM),
    FIGURE(22f, Weight.MEDIUM),
    TITLE(16f, Weight.MEDIUM),
    BODY(14f, Weight.REGULAR),
    CAPTION(12f, Weight.REGULAR),
}

/** Lengths and lines of text for one viewport. */
internal class Pen(private val viewport: Viewport, val theme: Theme, private val measure: Measure) {
    fun dp(length: Float): Float = length * viewport.density

    /** Small letters grow by the font scale; large ones by as much as those of 14 sp do, for they are large already. */
    fun size(style: Style): Float = dp(style.sp + (viewport.fontScale - 1) * minOf(style.sp, GROWS_WHOLLY_SP))

    /** By so much text is larger than at the font scale 1. */
    val grown: Float = viewport.fontScale

    fun height(style: Style): Float = size(style) * (ASCENT + DESCENT)

    fun width(text: String, style: Style): Float = measure.width(text, size(style), style.weight)

    /** A line whose upper edge is at `top`. */
    fun line(text: String, style: Style, colour: Int, x: Float, top: Float, align: Align = Align.START): Command.Text =
        Command.Text(text, x, top + ASCENT * size(style), size(style), style.weight, colour, align)

    /** The text, or as much of its beginning as fits into `room` with an ellipsis; empty where not even that does. */
    fun ellipsised(text: String, style: Style, room: Float): String {
        return if (width(text, style) <= room) text else cutOff(text, style, room)
    }

    /** As much of the beginning as fits with an ellipsis, which is there in any case. */
    fun cutOff(text: String, style: Style, room: Float): String =
        cut(text, room, style, "…")?.let { it.trimEnd() + "…" } ?: ""

    /** Lines that fit into `room`, broken between words and only where there is no other way within one. */
    fun wrapped(text: String, style: Style, room: Float): List<String> {
        val lines = mutableListOf<String>()
        var line = ""
        for (word in text.split(' ').filter { it.isNotEmpty() }) {
            val longer = if (line.isEmpty()) word else "$line $word"
            if (width(longer, style) <= room) {
                line = longer
                continue
            }
            if (line.isNotEmpty()) lines += line
            line = word
            while (width(line, style) > room) {
                val head = cut(line, room, style, "") ?: return lines // narrower than one letter
                lines += head
                line = line.substring(head.length)
            }
        }
        return if (line.isEmpty()) lines else lines + line
    }

    /** The longest beginning, of whole characters and at least one, that fits into `room` together with `tail`. */
    private fun cut(text: String, room: Float, style: Style, tail: String): String? {
        val characters = text.codePointCount(0, text.length)
        var fits = 0
        var tooLong = characters + 1
        while (tooLong - fits > 1) {
            val middle = (fits + tooLong) / 2
            if (width(head(text, middle) + tail, style) <= room) fits = middle else tooLong = middle
        }
        return if (fits == 0) null else head(text, fits)
    }

    private fun head(text: String, characters: Int): String = text.substring(0, text.offsetByCodePoints(0, characters))
}
