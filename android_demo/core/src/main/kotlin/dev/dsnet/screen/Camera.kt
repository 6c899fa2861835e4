package dev.dsnet.screen

private const val FIRST_WAIT_MS = 500L
private const val LONGEST_WAIT_MS = 8_000L
private const val TRIES = 6
private const val STEADY_MS = 10_000L // of frames, after which earlier failures are forgotten

/** Before the try after so many failures (1, 2 ...): twice as long each time, up to 8 s. */
internal fun waitMs(failures: Int): Long = minOf(LONGEST_WAIT_MS, FIRST_WAIT_MS shl minOf(failures - 1, 10))

internal fun Screen.cameraOpened(ticket: Int): Screen =
    if (camera == CameraState.Opening(ticket)) copy(camera = CameraState.Open(ticket, frames = false)) else this

/** It is tried again, as what took it may let go of it, but not for ever. */
internal fun Screen.cameraFailed(ticket: Int, fault: CameraFault): Next {
    val open = camera is CameraState.Open && camera.ticket == ticket
    if (!open && camera != CameraState.Opening(ticket)) return still(this)
    val closing = if (open) stopped() + Effect.CloseCamera(ticket) else emptyList()
    val failures = cameraFailures + 1
    val closed = copy(running = null, cameraFailures = failures)
    if (fault == CameraFault.DISABLED || fault == CameraFault.NONE || failures > TRIES) {
        return Next(closed.copy(camera = CameraState.Failed(fault)), closing)
    }
    val next = tickets + 1
    return Next(
        closed.copy(camera = CameraState.Waiting(next, fault), tickets = next),
        closing + Effect.WakeCamera(next, waitMs(failures)),
    )
}

internal fun Screen.cameraDue(ticket: Int): Screen = when {
    camera is CameraState.Waiting && camera.ticket == ticket -> copy(camera = CameraState.Closed)
    camera is CameraState.Open && camera.ticket == ticket -> copy(cameraFailures = 0)
    else -> this
}

internal fun Screen.firstFrame(ticket: Int): Next {
    if (camera != CameraState.Open(ticket, frames = false)) return still(this)
    val effects = if (cameraFailures > 0) listOf(Effect.WakeCamera(ticket, STEADY_MS)) else emptyList()
    return Next(copy(camera = CameraState.Open(ticket, frames = true)), effects)
}
