package dev.dsnet.hud

private const val AROUND_DP = 14f // left and right of a pill's text
private const val ABOVE_DP = 6f // and above and below it
private const val BETWEEN_DP = 8f

/**
 * Engine and rate, and what is unusual: one beside the other, or below each other where `room` is narrow. What is too high is
 * left out.
 */
internal fun Pen.pills(model: HudModel, room: Float, high: Float): Block {
    val gap = dp(BETWEEN_DP)
    val rows = words(model).mapNotNull { pill(it, room) }.fold(emptyList<List<Pill>>()) { rows, pill ->
        val last = rows.lastOrNull()
        val fits = last != null && last.map { it.width + gap }.sum() + pill.width <= room
        if (last != null && fits) rows.dropLast(1).plusElement(last + pill) else rows.plusElement(listOf(pill))
    }
    val blocks = fitting(rows.mapIndexed { rank, row -> row(rank, row, gap) }, gap, high)
    return Block(0, stacked(blocks, gap)) { x, y -> drawn(blocks, gap, x, y) }
}

private fun Pen.words(model: HudModel): List<Words> {
    val rate = model.statistics.framesPerSecond?.let { ", ${framesPerSecond(it)} fps" } ?: ""
    return listOfNotNull(
        Words(model.engine + rate, Style.BODY, theme.text),
        if (model.paused) Words("Paused", Style.BODY, theme.accent) else null,
        if (model.answer?.path?.pinned == true) Words("Path pinned", Style.BODY, theme.accent) else null,
        if (model.heat < 1) Words("Warm, budget ${percent(model.heat)}", Style.BODY, theme.warning) else null,
    )
}

private class Pill(val width: Float, val block: Block)

private fun Pen.pill(words: Words, room: Float): Pill? {
    val lines = wrapped(words.text, words.style, room - 2 * dp(AROUND_DP))
    if (lines.isEmpty()) return null
    val text = lines(0, lines, words.style, words.colour)
    val wide = lines.maxOf { width(it, words.style) } + 2 * dp(AROUND_DP)
    val high = text.height + 2 * dp(ABOVE_DP)
    val radius = minOf(wide, height(words.style) + 2 * dp(ABOVE_DP)) / 2
    val block = Block(0, high) { x, y ->
        val back = Command.Box(Rect(x, y, x + wide, y + high), radius, theme.card)
        listOf<Command>(back) + text.draw(x + dp(AROUND_DP), y + dp(ABOVE_DP))
    }
    return Pill(wide, block)
}

private fun row(rank: Int, pills: List<Pill>, gap: Float): Block = Block(rank, pills.maxOf { it.block.height }) { x, y ->
    var left = x
    pills.flatMap { pill -> pill.block.draw(left, y).also { left += pill.width + gap } }
}
