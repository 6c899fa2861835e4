package dev.dsnet.hud

private const val MARGIN_DP = 12f
private const val PADDING_DP = 16f
private const val GAP_DP = 12f
private const val WIDEST_DP = 520f // of a card
private const val BESIDE_DP = 380f // of a card beside the picture, at the font scale 1
private const val SHARE_BELOW = 0.66f // of the height, for a card below the picture

/**
 * The HUD over the picture: pills at the top (engine and rate; pause, heat), and a card at the bottom, or where the view is wider than
 * high at the right, so that the middle of the picture stays free. Pure: the same arguments give the same commands.
 *
 * Everything lies inside the insets. What has no room is left out, the least needed first; [spoken] tells all of it.
 */
fun layout(model: HudModel, viewport: Viewport, theme: Theme, measure: Measure): List<Command> {
    val pen = Pen(viewport, theme, measure)
    val margin = pen.dp(MARGIN_DP)
    val free = with(viewport) {
        Rect(insets.left + margin, insets.top + margin, width - insets.right - margin, height - insets.bottom - margin)
    }
    if (free.width <= 0 || free.height <= 0) return emptyList()
    val beside = free.width > free.height
    val card = if (beside) pen.besideCard(model, free) else pen.belowCard(model, free)
    val left = if (beside) card.box.left - margin else free.right
    val bottom = if (beside) free.bottom else card.box.top - margin
    return scrims(viewport, theme) + pen.pills(model, Rect(free.left, free.top, left, bottom)) + card.commands
}

private class Card(val box: Rect, val commands: List<Command>)

private fun Pen.belowCard(model: HudModel, free: Rect): Card {
    val wide = minOf(free.width, dp(WIDEST_DP))
    val left = free.left + (free.width - wide) / 2
    return card(model, Rect(left, free.bottom - free.height * SHARE_BELOW, left + wide, free.bottom))
}

/** Larger letters need a wider card. */
private fun Pen.besideCard(model: HudModel, free: Rect): Card {
    val wide = minOf(free.width * 0.6f, dp(BESIDE_DP) * size(Style.TITLE) / dp(Style.TITLE.sp))
    return card(model, Rect(free.right - wide, free.top, free.right, free.bottom))
}

/** As high as its content, at the bottom of `room`. */
private fun Pen.card(model: HudModel, room: Rect): Card {
    val padding = dp(PADDING_DP)
    val inside = room.width - 2 * padding
    val blocks = if (inside <= 0) emptyList() else fitting(blocks(model, inside), dp(GAP_DP), room.height - 2 * padding)
    if (blocks.isEmpty()) return Card(Rect(room.right, room.bottom, room.right, room.bottom), emptyList())
    val top = room.bottom - 2 * padding - stacked(blocks, dp(GAP_DP))
    val box = Rect(room.left, top, room.right, room.bottom)
    val back = Command.Box(box, dp(24f), theme.card)
    return Card(box, listOf<Command>(back) + drawn(blocks, dp(GAP_DP), room.left + padding, top + padding))
}

/** One after the other from the left, or below each other; those without room are left out. */
private fun Pen.pills(model: HudModel, room: Rect): List<Command> {
    val rate = model.statistics.framesPerSecond?.let { ", ${framesPerSecond(it)} fps" } ?: ""
    val texts = listOfNotNull(
        Words(model.engine + rate, Style.BODY, theme.text),
        if (model.paused) Words("Paused", Style.BODY, theme.accent) else null,
        if (model.heat < 1) Words("Warm, budget at ${percent(model.heat)}", Style.BODY, theme.warning) else null,
    )
    var x = room.left
    var y = room.top
    val high = height(Style.BODY) + dp(12f)
    return texts.flatMap { words ->
        val wide = width(words.text, words.style) + dp(28f)
        if (x > room.left && x + wide > room.right) {
            x = room.left
            y += high + dp(8f)
        }
        if (x + wide > room.right || y + high > room.bottom) return@flatMap emptyList()
        val pill = Command.Box(Rect(x, y, x + wide, y + high), high / 2, theme.card)
        val line = line(words.text, words.style, words.colour, x + dp(14f), y + dp(6f))
        x += wide + dp(8f)
        listOf(pill, line)
    }
}

/** Behind the bars of the system, whose signs take the colour that suits the theme. */
private fun scrims(viewport: Viewport, theme: Theme): List<Command> = with(viewport) {
    val clear = theme.scrim and 0xFFFFFF
    val upper = Rect(0f, 0f, width.toFloat(), insets.top * 1.5f)
    val lower = Rect(0f, height - insets.bottom.toFloat(), width.toFloat(), height.toFloat())
    listOfNotNull(
        Command.Fade(upper, theme.scrim, clear).takeIf { insets.top > 0 },
        Command.Fade(lower, clear, theme.scrim).takeIf { insets.bottom > 0 },
    )
}
