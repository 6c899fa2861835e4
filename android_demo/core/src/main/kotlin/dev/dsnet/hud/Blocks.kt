package dev.dsnet.hud

import dev.dsnet.run.Timing

private const val RECENT = 40 // bars of the latest frames

/** What there is to say, from top to bottom; `room` and `high` are the card's width and height inside. */
internal fun Pen.blocks(model: HudModel, room: Float, high: Float): List<Block> {
    val answer = model.answer
    return when {
        model.message != null -> listOf(message(model.message, room, high))
        answer == null -> listOf(paragraph(0, "Waiting for the first frame", Style.TITLE, theme.quiet, room))
        else -> listOfNotNull(headline(answer, room, high), runnersUp(answer, room)) + path(answer.path, room) + listOfNotNull(
            histogram(4, model.statistics.histogram, answer.path, room),
            time(answer.timing, model.statistics.recentMs, room),
            stages(answer.timing, room),
            energy(model.energy, room),
            budget(model, answer.spent, room),
        )
    }
}

/** Smaller where it is long, and cut only where that does not help: a sentence may come from a file. */
private fun Pen.message(text: String, room: Float, high: Float): Block {
    val fits = { style: Style -> wrapped(text, style, room).size * height(style) <= high }
    val style = if (fits(Style.TITLE)) Style.TITLE else Style.BODY
    val all = wrapped(text, style, room)
    val most = maxOf(1, (high / height(style)).toInt())
    val shown = if (all.size <= most) all else all.take(most - 1) + cutOff(all[most - 1], style, room)
    return lines(0, shown, style, theme.text)
}

/** A long label is set smaller, then cut; the line is as high as ever, so that nothing below it jumps. */
private fun Pen.headline(answer: Answer, room: Float, high: Float): Block {
    val figure = Words(percent(answer.best.probability), Style.HEADLINE, theme.accent)
    val label = answer.best.label
    val style = { rest: Float -> if (width(label, Style.HEADLINE) <= rest) Style.HEADLINE else Style.LONG_HEADLINE }
    val most = room - dp(16f) - width(percent(1.0), Style.HEADLINE) // for a label beside its probability
    val line = height(Style.HEADLINE)
    if (most >= room / 2 || high < 4 * line) return named(0, Words(label, style(most), theme.text), figure, room)
    val upper = line(ellipsised(label, style(room), room), style(room), theme.text, 0f, 0f)
    return Block(0, 2 * line) { x, y ->
        listOf(upper.copy(x = x, baseline = y + upper.baseline), line(figure.text, figure.style, figure.colour, x, y + line))
    }
}

private fun Pen.runnersUp(answer: Answer, room: Float): Block? {
    val rows = answer.runnersUp.take(2).map {
        named(7, Words(it.label, Style.BODY, theme.quiet), Words(percent(it.probability), Style.BODY, theme.quiet), room)
    }
    if (rows.isEmpty()) return null
    return Block(7, stacked(rows, 0f)) { x, y -> drawn(rows, 0f, x, y) }
}

/** What has no room beside the path's number may be left out before the time is. */
private fun Pen.path(path: PathView, room: Float): List<Block> {
    val left = Words("Path ${path.index} of 0–${path.count - 1}", Style.TITLE, theme.text)
    val right = Words("width ${percent(path.width)}, ${amount(path.madds.toDouble(), "MAdds")}", Style.BODY, theme.quiet)
    if (abreast(left, right, room)) return listOf(pair(1, left, right, room))
    return listOf(left, right).mapIndexed { i, it -> paragraph(1 + 5 * i, it.text, it.style, it.colour, room) }
}

/** The whole time of a frame, and beside it, where there is room, that of the latest frames. */
private fun Pen.time(timing: Timing, recentMs: List<Double>, room: Float): Block {
    val text = ms(timing.preprocessMs + timing.networkMs)
    val unit = width("$text ", Style.FIGURE)
    if (unit + width("a frame", Style.BODY) > room) return paragraph(2, text, Style.FIGURE, theme.text, room)
    val high = height(Style.FIGURE)
    val rest = room - unit - width("a frame", Style.BODY) - dp(24f)
    val shown = recentMs.takeLast(RECENT).map { if (it in 0.0..1e6) it else 0.0 }
    val long = minOf(rest, dp(5f) * RECENT)
    return Block(2, high) { x, y ->
        val box = Rect(x + room - long * shown.size / RECENT, y + high * 0.15f, x + room, y + high * 0.85f)
        val chart = if (rest < dp(60f) || shown.size < 2) emptyList() else bars(shown, shown.size - 1, box)
        val below = ASCENT * (size(Style.FIGURE) - size(Style.BODY)) // so that both stand on one line
        chart + line(text, Style.FIGURE, theme.text, x, y) + line("a frame", Style.BODY, theme.quiet, x + unit, y + below)
    }
}

/** Where that time goes: a bar, and what its colours are, in as many columns as fit. */
private fun Pen.stages(timing: Timing, room: Float): Block {
    val values = listOf(timing.preprocessMs, timing.prefixMs, timing.gateMs, timing.suffixMs)
    val names = listOf("Prepare", "Prefix", "Gate", "Suffix")
    val dot = dp(8f)
    val indent = dot + dp(6f)
    val widest = values.indices.maxOf {
        maxOf(width(names[it], Style.CAPTION), width("88.8 ms", Style.BODY), width(ms(values[it]), Style.BODY))
    }
    val columns = listOf(4, 2, 1).first { it == 1 || (indent + widest + dp(8f)) * it <= room + dp(8f) }
    val high = height(Style.CAPTION) + height(Style.BODY) + dp(4f)
    val top = dp(6f) + dp(8f)
    return Block(5, top + high * (4 / columns) - dp(4f)) { x, y ->
        stagesBar(values, room, x, y) + values.indices.flatMap { i ->
            val left = x + i % columns * (room + dp(8f)) / columns
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
        is Energy.Known -> Words("${amount(energy.mj, "mJ")} a frame, ${energy.source}", Style.BODY, theme.text)
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
