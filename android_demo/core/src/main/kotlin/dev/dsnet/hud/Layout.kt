package dev.dsnet.hud

private const val MARGIN_DP = 12f
private const val PADDING_DP = 16f
private const val GAP_DP = 12f // between pieces of a card below the picture
private const val GAP_BESIDE_DP = 8f
private const val WIDEST_DP = 520f // of a card
private const val NARROWEST_DP = 72f // of a card inside, at the font scale 1
private const val BESIDE_DP = 380f // of a card beside the picture, at the font scale 1
private const val BESIDE_FROM = 1.25f // times as wide as high
private const val SHARE_BELOW = 0.66f // of the height, for a card below the picture ...
private const val LEAST_BELOW_DP = 320f // ... or so much

/**
 * The HUD over the picture: pills at the top (engine and rate, pause, pinned path, heat), and a card at the bottom, or where the
 * view is wider than high at the right, so that the middle of the picture stays free. Pure: the same arguments give the same
 * commands.
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
    val beside = free.width > free.height * BESIDE_FROM
    return scrims(viewport, theme) + if (beside) pen.beside(model, free) else pen.below(model, free)
}

/** The card takes most of the height, but leaves the pills theirs; a message may take all. */
private fun Pen.below(model: HudModel, free: Rect): List<Command> {
    val pills = pills(model, free.width, free.height)
    val most = free.height - pills.height - dp(MARGIN_DP)
    val share = SHARE_BELOW + 0.2f * (grown - 1)
    val high = if (model.message != null) most else minOf(most, maxOf(free.height * share, dp(LEAST_BELOW_DP)))
    val wide = minOf(free.width, dp(WIDEST_DP))
    val left = free.left + (free.width - wide) / 2
    return pills.draw(free.left, free.top) + card(model, Rect(left, free.bottom - high, left + wide, free.bottom), dp(GAP_DP))
}

private fun Pen.beside(model: HudModel, free: Rect): List<Command> {
    val wide = minOf(free.width * 0.6f, dp(BESIDE_DP) * grown)
    val room = Rect(free.right - wide, free.top, free.right, free.bottom)
    val pills = pills(model, free.width - wide - dp(MARGIN_DP), free.height)
    return pills.draw(free.left, free.top) + card(model, room, dp(GAP_BESIDE_DP))
}

/** As high as its content, at the bottom of `room`. */
private fun Pen.card(model: HudModel, room: Rect, gap: Float): List<Command> {
    val padding = dp(PADDING_DP)
    val wide = room.width - 2 * padding
    val high = room.height - 2 * padding
    if (wide < dp(NARROWEST_DP) * grown || high <= 0) return emptyList()
    val blocks = fitting(blocks(model, wide, high), gap, high)
    if (blocks.isEmpty()) return emptyList()
    val top = room.bottom - 2 * padding - stacked(blocks, gap)
    val back = Command.Box(Rect(room.left, top, room.right, room.bottom), dp(24f), theme.card)
    return listOf<Command>(back) + drawn(blocks, gap, room.left + padding, top + padding)
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
