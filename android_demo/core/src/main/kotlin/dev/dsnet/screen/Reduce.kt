package dev.dsnet.screen

import dev.dsnet.engine.Backend

/**
 * What follows from an event: first the facts change ([after]), then whatever is open or running is brought in line with them
 * ([settle]).
 *
 * So nothing depends on which event came before which: a state says what is wanted, and the difference to what there is are the
 * effects.
 */
fun reduce(screen: Screen, event: Event): Next {
    if (screen.stage == Stage.DESTROYED) return Next(screen, emptyList())
    val changed = screen.after(event)
    val settled = settle(changed.screen)
    return Next(settled.screen, changed.effects + settled.effects)
}

/** The facts after an event, and effects that are the event's own. */
private fun Screen.after(event: Event): Next = when (event) {
    is Event.Started -> still(copy(stage = Stage.STARTED).forgiven())
    is Event.Resumed -> still(resumed(event.cameraAllowed))
    is Event.Paused -> still(copy(stage = minOf(stage, Stage.STARTED)))
    is Event.Stopped -> still(copy(stage = Stage.CREATED))
    is Event.Destroyed -> still(copy(stage = Stage.DESTROYED))
    is Event.Rotated -> rotated(event.degrees)
    is Event.PermissionAnswered -> still(copy(permission = event.permission))
    is Event.SurfaceReady -> still(copy(surface = true))
    is Event.SurfaceGone -> still(copy(surface = false))
    is Event.CameraOpened -> still(cameraOpened(event.ticket))
    is Event.CameraFailed -> cameraFailed(event.ticket, event.fault)
    is Event.CameraDue -> still(cameraDue(event.ticket))
    is Event.FirstFrame -> firstFrame(event.ticket)
    is Event.BundleOpened -> still(bundleOpened(event.ticket, event.paths))
    is Event.BundleFailed -> still(bundleFailed(event))
    is Event.EngineOpened -> still(engineOpened(event.ticket))
    is Event.EngineFailed -> engineFailed(event)
    is Event.Predicted -> still(predicted(event))
    is Event.ThermalChanged -> still(copy(thermal = Thermal(event.status, share(event.share) ?: 1.0)))
    is Event.EngineChosen -> still(copy(settings = settings.copy(backend = event.backend)))
    is Event.BundleChosen -> still(bundleChosen(event.name))
    is Event.BudgetChanged -> still(copy(settings = settings.copy(budget = share(event.share), path = null)))
    is Event.PathPinned -> still(pathPinned(event.path))
    is Event.PausePressed -> still(copy(settings = settings.copy(paused = !settings.paused)))
    is Event.ActionPressed -> act(if (stage == Stage.RESUMED) message(this)?.action else null)
    is Event.BenchmarkStarted -> still(benchmarkStarted())
    is Event.BenchmarkFinished -> still(copy(benchmark = Benchmark.NONE))
}

/**
 * A screen that is in front again: the benchmark is not, the settings may have changed, another app may have let go of the
 * camera.
 */
private fun Screen.resumed(cameraAllowed: Boolean): Screen = forgiven().copy(
    stage = Stage.RESUMED,
    benchmark = Benchmark.NONE,
    permission = when {
        cameraAllowed -> Permission.GRANTED
        permission == Permission.GRANTED -> Permission.UNKNOWN
        permission == Permission.ASKED -> Permission.DENIED // the dialog is gone without an answer
        else -> permission
    },
)

private fun Screen.rotated(to: Int): Next =
    if (to == degrees) still(this) else Next(copy(degrees = to), listOf(Effect.Turn(to)))

private fun Screen.predicted(event: Event.Predicted): Screen =
    if (running != null && engine.ticket == event.ticket) copy(prediction = event.prediction) else this

private fun Screen.benchmarkStarted(): Screen =
    if (stage == Stage.RESUMED && benchmark == Benchmark.NONE) copy(benchmark = Benchmark.WANTED) else this

private fun Screen.act(action: Action?): Next = when (action) {
    Action.ALLOW -> Next(copy(permission = Permission.ASKED), listOf(Effect.RequestPermission))
    Action.OPEN_SETTINGS -> Next(this, listOf(Effect.ShowSettings))
    Action.CHOOSE_BUNDLE -> Next(this, listOf(Effect.ShowBundles))
    Action.RETRY -> still(forgiven())
    Action.USE_SLICED -> still(copy(settings = settings.copy(backend = Backend.SLICED)))
    null -> still(this)
}

/** What failed counts as closed, and so is tried again. */
private fun Screen.forgiven(): Screen = copy(
    camera = if (camera is CameraState.Failed || camera is CameraState.Waiting) CameraState.Closed else camera,
    cameraFailures = 0,
    bundle = if (bundle is BundleState.Failed) BundleState.Closed else bundle,
    engine = if (engine is EngineState.Failed) EngineState.Closed else engine,
)

/** Within 0 to 1; null for what is no number. */
private fun share(value: Double?): Double? = value?.takeUnless { it.isNaN() }?.coerceIn(0.0, 1.0)

internal fun still(screen: Screen): Next = Next(screen, emptyList())
