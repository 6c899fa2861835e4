package dev.dsnet.hud

import kotlin.math.roundToInt

private const val HIGH_DP = 44f // of the histogram
private const val LEAST_DP = 2f // a bar of nothing
private const val LEAST_MARKED_DP = 6f // the bar that belongs to this frame, in height; half of it in width

/** A bar a path, that of this frame in another colour, and what the ends are. */
internal fun Pen.histogram(rank: Int, counts: List<Int>, path: PathView, room: Float): Block {
    val bars = (0 until path.count).map { counts.getOrElse(it) { 0 }.coerceAtLeast(0) }
    val ends = pair(
        rank,
        Words("0 slimmest", Style.CAPTION, theme.quiet),
        Words("widest ${path.count - 1}", Style.CAPTION, theme.quiet),
        room,
    )
    val high = dp(HIGH_DP)
    return Block(rank, high + dp(4f) + ends.height) { x, y ->
        bars(bars.map { it.toDouble() }, path.index, Rect(x, y, x + room, y + high)) + ends.draw(x, y + high + dp(4f))
    }
}

/**
 * Bars from the lower edge of `box`, the highest as high as the box, on whole pixels where they are wide enough for that to
 * matter.
 */
internal fun Pen.bars(values: List<Double>, marked: Int, box: Rect): List<Command> {
    val most = values.maxOrNull()?.takeIf { it > 0 } ?: 1.0
    val pitch = box.width / values.size
    val gap = if (pitch >= 3) maxOf(1f, minOf(dp(4f), pitch * 0.25f)).roundToInt().toFloat() else 0f
    val bar = { i: Int, least: Float, colour: Int ->
        val left = box.left + (i * pitch).snapped(pitch)
        val right = box.left + ((i + 1) * pitch).snapped(pitch) - if (i == values.size - 1) 0f else gap
        val height = maxOf(dp(least), box.height * (values[i] / most).toFloat()).coerceAtMost(box.height)
        val wide = maxOf(right - left, dp(least / 2)).coerceAtMost(box.width)
        val start = maxOf(box.left, minOf((left + right - wide) / 2, box.right - wide))
        Command.Box(Rect(start, box.bottom - height, start + wide, box.bottom), minOf(dp(2f), wide / 2, height / 2), colour)
    }
    val others = values.indices.filter { it != marked }.map { bar(it, LEAST_DP, theme.bar) }
    return if (marked in values.indices) others + bar(marked, LEAST_MARKED_DP, theme.accent) else others
}

private fun Float.snapped(pitch: Float): Float = if (pitch >= 3) roundToInt().toFloat() else this

/** A bar whose parts are as long as their values are large. */
internal fun Pen.stagesBar(values: List<Double>, room: Float, x: Float, y: Float): List<Command> {
    val high = dp(6f)
    val parts = values.map { if (it in 0.0..1e6) it else 0.0 }
    val sum = parts.sum()
    if (sum <= 0) return emptyList()
    var before = 0.0
    return parts.mapIndexedNotNull { i, part ->
        val left = x + room * (before / sum).toFloat()
        before += part
        val right = x + room * (before / sum).toFloat() - if (i == parts.size - 1) 0f else dp(1f)
        if (right <= left) null else Command.Box(Rect(left, y, right, y + high), minOf(high, right - left) / 2, theme.stages[i])
    }
}
