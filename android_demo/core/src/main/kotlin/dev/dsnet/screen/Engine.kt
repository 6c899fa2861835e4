package dev.dsnet.screen

internal val EngineState.ticket: Int?
    get() = when (this) {
        is EngineState.Opening -> ticket
        is EngineState.Open -> ticket
        is EngineState.Closed, is EngineState.Failed -> null
    }

/** A pinned path that the bundle does not have is let go. */
internal fun Screen.bundleOpened(ticket: Int, paths: Int): Screen {
    if (bundle != BundleState.Opening(ticket)) return this
    val path = settings.path?.takeIf { it in 0 until paths }
    return copy(bundle = BundleState.Open(paths), settings = settings.copy(path = path))
}

internal fun Screen.bundleFailed(event: Event.BundleFailed): Screen =
    if (bundle == BundleState.Opening(event.ticket)) copy(bundle = BundleState.Failed(event.fault, event.message)) else this

/** The paths of another bundle are others. A name from an intent may be any text. */
internal fun Screen.bundleChosen(name: String?): Screen {
    if (name != null && !isBundleName(name)) return copy(bundle = BundleState.Failed(BundleFault.MISSING, null))
    val path = if (name == settings.bundle) settings.path else null
    return copy(settings = settings.copy(bundle = name, path = path), bundle = BundleState.Closed)
}

/** A path that there is not changes nothing. */
internal fun Screen.pathPinned(path: Int?): Screen {
    val paths = (bundle as? BundleState.Open)?.paths ?: Int.MAX_VALUE
    return if (path == null || path in 0 until paths) copy(settings = settings.copy(path = path)) else this
}

internal fun Screen.engineOpened(ticket: Int): Screen {
    val opening = engine as? EngineState.Opening
    return if (opening?.ticket == ticket) copy(engine = EngineState.Open(ticket, opening.backend)) else this
}

internal fun Screen.engineFailed(event: Event.EngineFailed): Next {
    if (engine.ticket != event.ticket) return still(this)
    val effects = if (engine is EngineState.Open) stopped() + Effect.CloseEngine(event.ticket) else emptyList()
    val failed = EngineState.Failed(settings.backend, event.fault, event.message)
    return Next(copy(engine = failed, running = null, prediction = null), effects)
}

/** What stops the frames, if any go through the network. */
internal fun Screen.stopped(): List<Effect> {
    val ticket = engine.ticket
    return if (running != null && ticket != null) listOf(Effect.StopInference(ticket)) else emptyList()
}
