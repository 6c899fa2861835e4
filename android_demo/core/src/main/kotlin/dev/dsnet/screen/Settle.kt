package dev.dsnet.screen

private const val EMERGENCY = 5 // PowerManager.THERMAL_STATUS_EMERGENCY: parts of the phone shut down

/** The phone is so hot that the app should not add to it. */
internal val Screen.tooHot: Boolean get() = thermal.status >= EMERGENCY

private val Screen.visible: Boolean get() = stage == Stage.STARTED || stage == Stage.RESUMED

private val Screen.wantsBundle: Boolean get() = visible && benchmark == Benchmark.NONE

private val Screen.wantsEngine: Boolean get() = wantsBundle && bundle is BundleState.Open

private val Screen.wantsCamera: Boolean
    get() = stage == Stage.RESUMED && permission == Permission.GRANTED && surface &&
        benchmark == Benchmark.NONE && !settings.paused && !tooHot

/** With camera and engine as they are; both are closed before this is asked, where they are not wanted. */
private val Screen.wantsFrames: Boolean
    get() = camera is CameraState.Open && wantsCamera && engine is EngineState.Open && holdsEngine

/** The engine at hand, open or failed, is the one wanted. */
private val Screen.holdsEngine: Boolean
    get() = wantsEngine && when (engine) {
        is EngineState.Closed -> false
        is EngineState.Opening -> engine.backend == settings.backend
        is EngineState.Open -> engine.backend == settings.backend
        is EngineState.Failed -> engine.backend == settings.backend
    }

/** Closes what is not wanted, from the frames down, then opens what is, and runs. */
internal fun settle(screen: Screen): Next {
    val steps = listOf(
        Screen::stopFrames, Screen::closeCamera, Screen::closeEngine,
        Screen::askPermission, Screen::openBundle, Screen::openEngine, Screen::openCamera,
        Screen::startFrames, Screen::steerFrames, Screen::showBenchmark,
    )
    return steps.fold(still(screen)) { before, step ->
        val next = before.screen.step()
        Next(next.screen, before.effects + next.effects)
    }
}

private fun Screen.stopFrames(): Next = if (running == null || wantsFrames) still(this) else Next(copy(running = null), stopped())

private fun Screen.closeCamera(): Next = when {
    wantsCamera -> still(this)
    camera is CameraState.Opening -> Next(copy(camera = CameraState.Closed), listOf(Effect.CloseCamera(camera.ticket)))
    camera is CameraState.Open -> Next(copy(camera = CameraState.Closed), listOf(Effect.CloseCamera(camera.ticket)))
    camera is CameraState.Waiting -> still(copy(camera = CameraState.Closed))
    else -> still(this) // a failure is told until it is forgiven
}

private fun Screen.closeEngine(): Next {
    if (engine is EngineState.Closed || holdsEngine) return still(this)
    val effects = engine.ticket?.let { listOf(Effect.CloseEngine(it)) } ?: emptyList()
    return Next(copy(engine = EngineState.Closed, prediction = null), effects)
}

private fun Screen.askPermission(): Next {
    if (stage != Stage.RESUMED || permission != Permission.UNKNOWN) return still(this)
    return Next(copy(permission = Permission.ASKED), listOf(Effect.RequestPermission))
}

private fun Screen.openBundle(): Next {
    if (!wantsBundle || bundle !is BundleState.Closed) return still(this)
    val ticket = tickets + 1
    return Next(copy(bundle = BundleState.Opening(ticket), tickets = ticket), listOf(Effect.OpenBundle(ticket, settings.bundle)))
}

private fun Screen.openEngine(): Next {
    if (!wantsEngine || engine !is EngineState.Closed) return still(this)
    val ticket = tickets + 1
    val opening = EngineState.Opening(ticket, settings.backend)
    return Next(copy(engine = opening, tickets = ticket), listOf(Effect.OpenEngine(ticket, settings.backend)))
}

private fun Screen.openCamera(): Next {
    if (!wantsCamera || camera !is CameraState.Closed) return still(this)
    val ticket = tickets + 1
    return Next(copy(camera = CameraState.Opening(ticket), tickets = ticket), listOf(Effect.OpenCamera(ticket)))
}

private fun Screen.startFrames(): Next {
    if (running != null || !wantsFrames || engine !is EngineState.Open) return still(this)
    return Next(copy(running = steering), listOf(Effect.StartInference(engine.ticket, steering)))
}

private fun Screen.steerFrames(): Next =
    if (running == null || running == steering) still(this) else Next(copy(running = steering), listOf(Effect.Steer(steering)))

private val Screen.steering: Steering get() = Steering(settings.path, settings.budget, thermal.share)

private fun Screen.showBenchmark(): Next =
    if (benchmark == Benchmark.WANTED) Next(copy(benchmark = Benchmark.SHOWN), listOf(Effect.ShowBenchmark)) else still(this)
