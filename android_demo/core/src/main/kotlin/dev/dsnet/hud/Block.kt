package dev.dsnet.hud

/**
 * A piece of a card, made for the card's width: it takes `height`, and draws itself with its upper left corner at x, y.
 * Where there is no room for all, the pieces with the highest `rank` are left out.
 */
internal class Block(val rank: Int, val height: Float, val draw: (x: Float, y: Float) -> List<Command>)

/** Those that fit below each other into `room`, with `gap` between them. */
internal fun fitting(blocks: List<Block>, gap: Float, room: Float): List<Block> {
    var kept = blocks
    while (kept.isNotEmpty() && stacked(kept, gap) > room) {
        val last = kept.maxOf { it.rank }
        kept = kept.filter { it.rank < last }
    }
    return kept
}

internal fun stacked(blocks: List<Block>, gap: Float): Float =
    blocks.sumOf { it.height.toDouble() }.toFloat() + gap * maxOf(0, blocks.size - 1)

internal fun drawn(blocks: List<Block>, gap: Float, x: Float, y: Float): List<Command> {
    var top = y
    return blocks.flatMap { block -> block.draw(x, top).also { top += block.height + gap } }
}

/** Lines of text, as many as it takes. */
internal fun Pen.paragraph(rank: Int, text: String, style: Style, colour: Int, room: Float): Block {
    return lines(rank, wrapped(text, style, room), style, colour)
}

internal fun Pen.lines(rank: Int, lines: List<String>, style: Style, colour: Int): Block =
    Block(rank, lines.size * height(style)) { x, y ->
        lines.mapIndexed { i, text -> line(text, style, colour, x, y + i * height(style)) }
    }

internal class Words(val text: String, val style: Style, val colour: Int)

/** Whether both fit on one line. */
internal fun Pen.abreast(left: Words, right: Words, room: Float): Boolean =
    width(left.text, left.style) + dp(16f) + width(right.text, right.style) <= room

/** One text at the left end and one at the right, on one baseline; below each other where they do not fit. */
internal fun Pen.pair(rank: Int, left: Words, right: Words, room: Float): Block {
    if (!abreast(left, right, room)) {
        val upper = paragraph(rank, left.text, left.style, left.colour, room)
        val lower = paragraph(rank, right.text, right.style, right.colour, room)
        return Block(rank, upper.height + lower.height) { x, y -> upper.draw(x, y) + lower.draw(x, y + upper.height) }
    }
    val ascent = maxOf(size(left.style), size(right.style)) * ASCENT
    return Block(rank, maxOf(height(left.style), height(right.style))) { x, y ->
        listOf(
            line(left.text, left.style, left.colour, x, y + ascent - size(left.style) * ASCENT),
            line(right.text, right.style, right.colour, x + room, y + ascent - size(right.style) * ASCENT, Align.END),
        )
    }
}

/** A name at the left, shortened where it must be, and a figure at the right. */
internal fun Pen.named(rank: Int, name: Words, figure: Words, room: Float): Block {
    val rest = room - dp(16f) - width(figure.text, figure.style)
    return pair(rank, Words(ellipsised(name.text, name.style, rest), name.style, name.colour), figure, room)
}
