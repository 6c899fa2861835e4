package dev.dsnet.hud

import dev.dsnet.run.Timing

private const val RECENT = 40 // bars of the latest frames

/** What there is to say, from top to bottom; `room` is the card's width inside. */
internal fun Pen.blocks(model: HudModel, room: Float): List<Block> {
    val answer = model.answer
    return when {
        model.message != null -> listOf(paragraph(0, model.message, Style.TITLE, theme.text, room))
        answer == null -> listOf(paragraph(0, "Waiting for the first frame", Style.TITLE, theme.quiet, room))
        else -> listOfNotNull(
            headline(answer, room),
            runnersUp(answer, room),
            path(answer.path, room),
            histogram(4, model.statistics.histogram, answer.path, room),
            time(answer.timing, model.statistics.recentMs, room),
            stages(answer.timing, room),
            energy(model.energy, room),
            budget(model, answer.spent, room),
        )
    }
}

/** A long label is set smaller, then cut; the line is as high as ever, so that nothing below it jumps. */
private fun Pen.headline(answer: Answer, room: Float): Block {
    val figure = Words(percent(answer.best.probability), Style.HEADLINE, theme.accent)
    val rest = room - dp(16f) - width(figure.text, figure.style)
    val style = if (width(answer.best.label, Style.HEADLINE) <= rest) Style.HEADLINE else Style.LONG_HEADLINE
    val block = named(0, Words(answer.best.label, style, theme.text), figure, room)
    return Block(0, block.height, block.draw)
}

private fun Pen.runnersUp(answer: Answer, room: Float): Block? {
    val rows = answer.runnersUp.take(2).map {
        named(7, Words(it.label, Style.BODY, theme.quiet), Words(percent(it.probability), Style.BODY, theme.quiet), room)
    }
    if (rows.isEmpty()) return null
    return Block(7, stacked(rows, 0f)) { x, y -> drawn(rows, 0f, x, y) }
}

private fun Pen.path(path: PathView, room: Float): Block {
    val pinned = if (path.pinned) ", pinned" else ""
    val left = Words("Path ${path.index} of 0–${path.count - 1}$pinned", Style.TITLE, theme.text)
    val right = Words("${percent(path.width)} wide, ${count(path.madds.toDouble())} MAdds", Style.BODY, theme.quiet)
    return pair(1, left, right, room)
}

/** The whole time of a frame, and beside it, where there is room, that of the latest frames. */
private fun Pen.time(timing: Timing, recentMs: List<Double>, room: Float): Block {
    val text = ms(timing.preprocessMs + timing.networkMs)
    val high = height(Style.FIGURE)
    val rest = room - width(text, Style.FIGURE) - dp(24f)
    val shown = recentMs.takeLast(RECENT).map { if (it.isNaN() || it < 0) 0.0 else it }
    val long = minOf(rest, dp(5f) * RECENT)
    return Block(2, high) { x, y ->
        val box = Rect(x + room - long * shown.size / RECENT, y + high * 0.15f, x + room, y + high * 0.85f)
        val chart = if (rest < dp(60f) || shown.size < 2) emptyList() else bars(shown, shown.size - 1, box)
        chart + line(text, Style.FIGURE, theme.text, x, y)
    }
}

/** Where that time goes: a bar, and what its colours are, in as many columns as fit. */
private fun Pen.stages(timing: Timing, room: Float): Block {
    val values = listOf(timing.preprocessMs, timing.prefixMs, timing.gateMs, timing.suffixMs)
    val names = listOf("Prepare", "Prefix", "Gate", "Suffix")
    val dot = dp(8f)
    val indent = dot + dp(6f)
    val widest = indent + dp(12f) + values.indices.maxOf { maxOf(width(names[it], Style.CAPTION), width("188.8 ms", Style.BODY)) }
    val columns = listOf(4, 2, 1).first { it == 1 || widest * it <= room }
    val high = height(Style.CAPTION) + height(Style.BODY)
    val top = dp(6f) + dp(8f)
    return Block(5, top + high * (4 / columns)) { x, y ->
        stagesBar(values, room, x, y) + values.indices.flatMap { i ->
            val left = x + i % columns * room / columns
            val upper = y + top + i / columns * high
            val middle = upper + height(Style.CAPTION) / 2
            listOf(
                Command.Box(Rect(left, middle - dot / 2, left + dot, middle + dot / 2), dot / 2, theme.stages[i]),
                line(names[i], Style.CAPTION, theme.quiet, left + indent, upper),
                line(ms(values[i]), Style.BODY, theme.text, left + indent, upper + height(Style.CAPTION)),
            )
        }
    }
}

private fun Pen.energy(energy: Energy, room: Float): Block {
    val right = when (energy) {
        is Energy.Known -> Words("${number(energy.mj)} mJ a frame, ${energy.source}", Style.BODY, theme.text)
        is Energy.Unknown -> Words("none: ${energy.reason}", Style.BODY, theme.quiet)
    }
    return pair(3, Words("Energy", Style.BODY, theme.quiet), right, room)
}

private fun Pen.budget(model: HudModel, spent: Double?, room: Float): Block? {
    val budget = model.budget ?: return null
    val so = if (spent == null) "" else ", spent ${amount(spent, budget.unit)}"
    val right = Words(amount(budget.amount, budget.unit) + so, Style.BODY, theme.text)
    return pair(6, Words("Budget", Style.BODY, theme.quiet), right, room)
}
