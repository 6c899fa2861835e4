package dev.dsnet.screen

import dev.dsnet.engine.Backend
import dev.dsnet.run.Prediction

/**
 * What happens to the screen. All events arrive on one thread, in the order in which they happened.
 *
 * A `ticket` is the number that the effect carried which asked for the thing; an answer with an older one comes too late and is
 * ignored.
 */
sealed interface Event {
    // The Activity.

    object Started : Event

    /** `cameraAllowed`: what checkSelfPermission says now; it may have changed in the settings. */
    data class Resumed(val cameraAllowed: Boolean) : Event

    object Paused : Event

    object Stopped : Event

    /** The last one. Everything open is closed, and later events have no effect. */
    object Destroyed : Event

    /** `degrees` of the display: 0, 90, 180 or 270. */
    data class Rotated(val degrees: Int) : Event

    /** An interrupted request (no answer in the result) counts as [Permission.DENIED]. */
    data class PermissionAnswered(val permission: Permission) : Event

    object SurfaceReady : Event

    object SurfaceGone : Event

    // The camera.

    data class CameraOpened(val ticket: Int) : Event

    /** It could not be opened, or is lost after [CameraOpened]. */
    data class CameraFailed(val ticket: Int, val fault: CameraFault) : Event

    /** The time that [Effect.WakeCamera] asked for is over. */
    data class CameraDue(val ticket: Int) : Event

    /** The camera delivered a frame for the first time since it was opened. */
    data class FirstFrame(val ticket: Int) : Event

    // Bundle and engine.

    /** `paths`: how many the bundle has. */
    data class BundleOpened(val ticket: Int, val paths: Int) : Event

    /** `message`: the line of the DsnetException, if there was one. */
    data class BundleFailed(val ticket: Int, val fault: BundleFault, val message: String? = null) : Event

    data class EngineOpened(val ticket: Int) : Event

    /** It could not be opened, or failed while it ran, after [EngineOpened]. */
    data class EngineFailed(val ticket: Int, val fault: EngineFault, val message: String? = null) : Event

    /** A frame went through the network. `ticket`: of the engine. */
    data class Predicted(val ticket: Int, val prediction: Prediction) : Event

    // The phone.

    /** `status`: 0 (none) to 6 (shutdown), as PowerManager has it. `share`: what the governor leaves of the budget, 0 to 1. */
    data class ThermalChanged(val status: Int, val share: Double) : Event

    // The user.

    data class EngineChosen(val backend: Backend) : Event

    /** A folder's name among the installed bundles; null: the one in the app. Opens it again if it is open. */
    data class BundleChosen(val name: String?) : Event

    /** `share`: 0 buys the slimmest path, 1 the widest; null: the gate as it was trained. */
    data class BudgetChanged(val share: Double?) : Event

    /** null: the gate chooses. */
    data class PathPinned(val path: Int?) : Event

    /** Pauses, or goes on. */
    object PausePressed : Event

    /** The button beside [message]. */
    object ActionPressed : Event

    /** The benchmark takes the screen, the cores and the memory. */
    object BenchmarkStarted : Event

    object BenchmarkFinished : Event
}

enum class CameraFault {
    /** Another app has it (ERROR_CAMERA_IN_USE, ERROR_MAX_CAMERAS_IN_USE). */
    IN_USE,

    /** Another app took it, or it was unplugged (onDisconnected). */
    DISCONNECTED,

    /** The device's policy forbids it (ERROR_CAMERA_DISABLED). */
    DISABLED,

    /** Any other failure of the camera or of its service. */
    ERROR,

    /** This phone has no camera. */
    NONE,
}

enum class BundleFault { MISSING, CORRUPT, TOO_NEW, OUT_OF_MEMORY }

enum class EngineFault { FAILED, OUT_OF_MEMORY }
