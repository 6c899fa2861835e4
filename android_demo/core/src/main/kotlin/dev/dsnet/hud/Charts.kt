package dev.dsnet.hud

import kotlin.math.roundToInt

private const val HIGH_DP = 44f // of the histogram
private const val LEAST_DP = 2f // a bar of a path that no frame took

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

/** Bars from the lower edge of `box`, the highest as high as the box, on whole pixels where they are wide enough for that to matter. */
internal fun Pen.bars(values: List<Double>, marked: Int, box: Rect): List<Command> {
    val most = values.maxOrNull()?.takeIf { it > 0 } ?: 1.0
    val pitch = box.width / values.size
    val gap = if (pitch >= 3) maxOf(1f, minOf(dp(4f), pitch * 0.25f)).roundToInt().toFloat() else 0f
    return values.indices.map { i ->
        val left = box.left + (i * pitch).snapped(pitch)
        val right = box.left + ((i + 1) * pitch).snapped(pitch) - if (i == values.size - 1) 0f else gap
        val height = maxOf(dp(LEAST_DP), box.height * (values[i] / most).toFloat()).coerceAtMost(box.height)
        val radius = minOf(dp(2f), (right - left) / 2, height / 2)
        Command.Box(Rect(left, box.bottom - height, right, box.bottom), radius, if (i == marked) theme.accent else theme.bar)
    }
}

private fun Float.snapped(pitch: Float): Float = if (pitch >= 3) roundToInt().toFloat() else this

/** A bar whose parts are as long as their values are large. */
internal fun Pen.stagesBar(values: List<Double>, room: Float, x: Float, y: Float): List<Command> {
    val high = dp(6f)
    val parts = values.map { if (it.isNaN() || it < 0) 0.0 else it }
    val sum = parts.sum()
    if (sum <= 0 || sum.isInfinite()) return emptyList()
    var before = 0.0
    return parts.mapIndexedNotNull { i, part ->
        val left = x + room * (before / sum).toFloat()
        before += part
        val right = x + room * (before / sum).toFloat() - if (i == parts.size - 1) 0f else dp(1f)
        if (right <= left) null else Command.Box(Rect(left, y, right, y + high), minOf(high, right - left) / 2, theme.stages[i])
    }
}
