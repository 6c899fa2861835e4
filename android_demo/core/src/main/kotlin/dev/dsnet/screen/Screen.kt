package dev.dsnet.screen

import dev.dsnet.engine.Backend
import dev.dsnet.run.Prediction

/** All that the Activity knows. A value: [reduce] makes the next one. */
data class Screen(
    val settings: Settings = Settings(),
    val stage: Stage = Stage.CREATED,
    val permission: Permission = Permission.UNKNOWN,
    val surface: Boolean = false,
    val degrees: Int = 0, // of the display
    val benchmark: Benchmark = Benchmark.NONE,
    val thermal: Thermal = Thermal(),
    val camera: CameraState = CameraState.Closed,
    val cameraFailures: Int = 0, // one after the other
    val bundle: BundleState = BundleState.Closed,
    val engine: EngineState = EngineState.Closed,
    val running: Steering? = null, // how frames are steered; null: none go through the network
    val prediction: Prediction? = null, // the latest of this engine and bundle
    val tickets: Int = 0, // given out so far
)

/** What a user set, and what survives the process ([saved]). */
data class Settings(
    val backend: Backend = Backend.SLICED,
    val bundle: String? = null, // a folder's name; null: the bundle in the app
    val budget: Double? = null, // see Event.BudgetChanged
    val path: Int? = null,
    val paused: Boolean = false,
)

enum class Stage { CREATED, STARTED, RESUMED, DESTROYED }

enum class Permission { UNKNOWN, ASKED, GRANTED, DENIED, DENIED_FOR_EVER }

/** WANTED until camera and engine are closed. */
enum class Benchmark { NONE, WANTED, SHOWN }

/** See [Event.ThermalChanged]. */
data class Thermal(val status: Int = 0, val share: Double = 1.0)

sealed interface CameraState {
    object Closed : CameraState

    data class Opening(val ticket: Int) : CameraState

    /** `frames`: it has delivered one. */
    data class Open(val ticket: Int, val frames: Boolean) : CameraState

    /** Lost, and tried again when the time of the ticket is over. */
    data class Waiting(val ticket: Int, val fault: CameraFault) : CameraState

    data class Failed(val fault: CameraFault) : CameraState
}

sealed interface BundleState {
    object Closed : BundleState

    data class Opening(val ticket: Int) : BundleState

    data class Open(val paths: Int) : BundleState

    data class Failed(val fault: BundleFault, val message: String?) : BundleState
}

sealed interface EngineState {
    object Closed : EngineState

    data class Opening(val ticket: Int, val backend: Backend) : EngineState

    data class Open(val ticket: Int, val backend: Backend) : EngineState

    data class Failed(val backend: Backend, val fault: EngineFault, val message: String?) : EngineState
}

/** The state after an event, and what is to be done now. */
data class Next(val screen: Screen, val effects: List<Effect>)
