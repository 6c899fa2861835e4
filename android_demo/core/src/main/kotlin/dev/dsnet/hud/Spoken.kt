package dev.dsnet.hud

private const val SURE = 0.5 // from this probability on an answer is told unasked

/** What a screen reader says when the HUD is touched: all that there is to see, in the order of its size. */
fun spoken(model: HudModel): String {
    val answer = model.answer
    if (model.message != null) return model.message
    if (answer == null) return "${paused(model)}Waiting for the first frame. ${model.engine}."
    val sentences = listOfNotNull(
        "${paused(model)}${answer.best.label}, ${aloud(percent(answer.best.probability))}.",
        answer.runnersUp.takeIf { it.isNotEmpty() }
            ?.joinToString(", ", "Or ", ".") { "${it.label}, ${aloud(percent(it.probability))}" },
        path(answer.path),
        "${aloud(ms(answer.timing.preprocessMs + answer.timing.networkMs))} a frame with ${model.engine}.",
        model.statistics.framesPerSecond?.let { "${framesPerSecond(it)} frames a second." },
        energy(model.energy),
        model.budget?.let { budget(it, answer.spent) },
        heat(model),
    )
    return sentences.joinToString(" ")
}

/**
 * What a screen reader should say by itself, if anything: a trouble or its end, a pause, heat, or another thing in front of the
 * camera. `previous` is the model at the last announcement, not that of the last frame, so that a doubtful frame in between
 * changes nothing.
 */
fun announcement(previous: HudModel?, next: HudModel): String? = when {
    next.message != null -> next.message.takeIf { it != previous?.message }
    next.paused != (previous?.paused ?: false) -> if (next.paused) "Paused." else "Going on."
    (next.heat < 1) != (previous != null && previous.heat < 1) ->
        heat(next) ?: "The phone is cool again; the whole budget is back."
    else -> next.answer?.best?.takeIf { it.probability >= SURE && it.label != told(previous) }?.label
}

/** The label that was on the screen; after a message it is news again. */
private fun told(model: HudModel?): String? = if (model?.message != null) null else model?.answer?.best?.label

private fun paused(model: HudModel): String = if (model.paused) "Paused. " else ""

private fun path(path: PathView): String {
    val how = if (path.pinned) "pinned" else "chosen by the gate"
    return "Path ${path.index} of 0 to ${path.count - 1}, $how: ${aloud(percent(path.width))} wide."
}

private fun energy(energy: Energy): String = when (energy) {
    is Energy.Known -> "${aloud(amount(energy.mj, "mJ"))} a frame, ${energy.source}."
    is Energy.Unknown -> "No energy: ${energy.reason}."
}

private fun budget(budget: Budget, spent: Double?): String {
    val so = if (spent == null) "" else ", ${aloud(amount(spent, budget.unit))} spent on average"
    return "Budget ${aloud(amount(budget.amount, budget.unit))}$so."
}

private fun heat(model: HudModel): String? =
    if (model.heat < 1) "The phone is warm; the budget is lowered to ${aloud(percent(model.heat))}." else null
