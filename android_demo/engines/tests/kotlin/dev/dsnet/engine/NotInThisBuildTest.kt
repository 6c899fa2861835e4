package dev.dsnet.engine

import dev.dsnet.engine.executorch.ExecutorchEngine
import dev.dsnet.engine.litert.LitertEngine
import org.junit.Test
import kotlin.test.assertContains

/** Run without the runtimes' classes, as in the APK that is built without Google's repositories. */
class NotInThisBuildTest {
    @Test
    fun `an engine whose runtime is not there says so`() {
        assertContains(refusal { ExecutorchEngine.open(bundle("demo"), threads = 1) }, "ExecuTorch is not in this build;")
        assertContains(refusal { LitertEngine.open(bundle("demo"), threads = 1) }, "LiteRT is not in this build;")
    }
}
