package dev.dsnet.screen

import dev.dsnet.engine.Backend

/** One sentence over the picture, and what a button beside it does ([Event.ActionPressed]). */
data class Message(val text: String, val action: Action?)

enum class Action(val title: String) {
    ALLOW("Allow"),
    OPEN_SETTINGS("Open settings"),
    RETRY("Try again"),
    CHOOSE_BUNDLE("Choose a bundle"),
    USE_SLICED("Use Sliced"),
}

private const val LONGEST = 240 // characters of a sentence that came from a file or a library

/** What keeps the screen from classifying, the first cause first; null if nothing does. */
fun message(screen: Screen): Message? =
    forPermission(screen.permission)
        ?: forBundle(screen.bundle)
        ?: forEngine(screen.engine)
        ?: forHeat(screen)
        ?: forCamera(screen)

private fun forPermission(permission: Permission): Message? = when (permission) {
    Permission.UNKNOWN, Permission.ASKED, Permission.GRANTED -> null
    Permission.DENIED -> Message("Without the camera there is nothing to classify; allow this app to use it.", Action.ALLOW)
    Permission.DENIED_FOR_EVER -> Message(
        "Without the camera there is nothing to classify; allow it in the settings of this app, under Permissions.",
        Action.OPEN_SETTINGS,
    )
}

private fun forBundle(state: BundleState): Message? {
    if (state !is BundleState.Failed) return null
    val fallback = when (state.fault) {
        BundleFault.MISSING -> "The bundle is not on this phone any more; choose another, or install it again."
        BundleFault.CORRUPT -> "The bundle is damaged; choose another, or install it again."
        BundleFault.TOO_NEW -> "The bundle was made for a later version of this app; update the app, or convert the model again."
        BundleFault.OUT_OF_MEMORY -> "The bundle needs more memory than there is; close other apps, or choose a smaller one."
    }
    val action = if (state.fault == BundleFault.OUT_OF_MEMORY) Action.RETRY else Action.CHOOSE_BUNDLE
    return Message(state.message.orElse(fallback), action)
}

private fun forEngine(state: EngineState): Message? {
    if (state !is EngineState.Failed) return null
    val title = state.backend.title
    val other = state.backend != Backend.SLICED
    return when (state.fault) {
        EngineFault.OUT_OF_MEMORY -> Message(
            "$title needs more memory than there is; close other apps, or choose a smaller bundle.",
            Action.RETRY,
        )
        EngineFault.FAILED -> Message(
            state.message.orElse("$title stopped without a reason; " + if (other) "use Sliced instead." else "try again."),
            if (other) Action.USE_SLICED else Action.RETRY,
        )
    }
}

private fun forHeat(screen: Screen): Message? =
    if (screen.tooHot) Message("The phone is too hot; the camera goes on by itself once it has cooled down.", null) else null

/** A first failure is not told: it is tried again at once, and mostly that is all. */
private fun forCamera(screen: Screen): Message? = when (val camera = screen.camera) {
    is CameraState.Failed -> forFault(camera.fault)
    is CameraState.Waiting -> if (screen.cameraFailures > 1) forFault(camera.fault) else null
    is CameraState.Closed, is CameraState.Opening, is CameraState.Open -> null
}

private fun forFault(fault: CameraFault): Message = when (fault) {
    CameraFault.IN_USE -> Message("Another app is using the camera; close that app.", Action.RETRY)
    CameraFault.DISCONNECTED -> Message("Another app took the camera; close that app.", Action.RETRY)
    CameraFault.DISABLED -> Message(
        "The camera is switched off for this phone or profile; ask whoever manages it, or unblock it.",
        Action.RETRY,
    )
    CameraFault.ERROR -> Message("The camera does not answer; try again, or restart the phone.", Action.RETRY)
    CameraFault.NONE -> Message("This phone has no camera that apps can use; the benchmark runs without one.", null)
}

/** A line that something else wrote: used if it says anything, and cut if it does not end. */
private fun String?.orElse(fallback: String): String {
    val line = this?.trim().orEmpty()
    return if (line.isEmpty()) fallback else if (line.length > LONGEST) line.substring(0, LONGEST - 1) + "…" else line
}
