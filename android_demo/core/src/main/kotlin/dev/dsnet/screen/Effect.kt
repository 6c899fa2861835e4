package dev.dsnet.screen

import dev.dsnet.engine.Backend

/**
 * What the Activity has to do, in this order. What opens by a ticket is closed by that ticket, once; what failed to open is not.
 *
 * Effects may be done on other threads, if their order is kept among those of the camera, and among those of engine and
 * inference. A `Close...` may come while the thing is still being opened: it is then closed as soon as it is open, and nothing
 * more is reported.
 */
sealed interface Effect {
    /** Asks for the camera permission; answered by [Event.PermissionAnswered]. */
    object RequestPermission : Effect

    /** Answered by [Event.CameraOpened] or [Event.CameraFailed]. */
    data class OpenCamera(val ticket: Int) : Effect

    data class CloseCamera(val ticket: Int) : Effect

    /** Answered by [Event.CameraDue] after so many milliseconds. Needs no cancelling. */
    data class WakeCamera(val ticket: Int, val afterMs: Long) : Effect

    /**
     * Reads and checks a bundle (null: the one in the app); answered by [Event.BundleOpened] or [Event.BundleFailed]. Needs no
     * closing.
     */
    data class OpenBundle(val ticket: Int, val name: String?) : Effect

    /** On the bundle opened last; answered by [Event.EngineOpened] or [Event.EngineFailed]. */
    data class OpenEngine(val ticket: Int, val backend: Backend) : Effect

    data class CloseEngine(val ticket: Int) : Effect

    /** Frames go through this engine from now on, as steered; each is answered by [Event.Predicted]. */
    data class StartInference(val ticket: Int, val steering: Steering) : Effect

    data class StopInference(val ticket: Int) : Effect

    /** Frames are steered so from the next one on. */
    data class Steer(val steering: Steering) : Effect

    /** The display stands so now, in degrees; the camera's picture is to be turned accordingly. */
    data class Turn(val degrees: Int) : Effect

    /** Shows the settings of this app, where the permission can be given. */
    object ShowSettings : Effect

    /** Shows the installed bundles; answered by [Event.BundleChosen], or not. */
    object ShowBundles : Effect

    /** On the engine and bundle of the settings. */
    object ShowBenchmark : Effect
}

/** What leads a frame to its path. */
data class Steering(
    val path: Int?, // pinned; null: the gate chooses
    val budget: Double?, // from 0, the slimmest path, to 1, the widest; null: the gate as it was trained
    val heat: Double, // what heat leaves of that, 0 to 1
)
