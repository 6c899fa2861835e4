package dev.dsnet.app

import dev.dsnet.engine.Backend
import dev.dsnet.engine.EngineException
import dev.dsnet.engine.EngineOpener
import dev.dsnet.engine.executorch.ExecutorchEngine
import dev.dsnet.engine.litert.LitertEngine
import dev.dsnet.sliced.SlicedRuntime

private const val THREADS_UNTOLD = 2 // where the phone does not tell which of its cores are big

/** What opens a bundle with this runtime, or says that it is not in this build. */
internal fun opener(backend: Backend): EngineOpener = when (backend) {
    Backend.SLICED -> SlicedRuntime
    Backend.EXECUTORCH -> ExecutorchEngine
    Backend.LITERT -> LitertEngine
}

/** Whether the runtime's own library was packed with the app: the two others come from Google's repository and Maven Central. */
internal fun isInBuild(backend: Backend): Boolean = when (backend) {
    Backend.SLICED -> true
    Backend.EXECUTORCH -> isThere("org.pytorch.executorch.Module")
    Backend.LITERT -> isThere("org.tensorflow.lite.Interpreter")
}

private fun isThere(name: String): Boolean = try {
    Class.forName(name, false, Backend::class.java.classLoader)
    true
} catch (error: ClassNotFoundException) {
    false
}

/** One for each big core. */
internal fun threads(): Int = try {
    maxOf(1, SlicedRuntime.bigCores().size)
} catch (error: EngineException) {
    THREADS_UNTOLD
}
