package dev.dsnet.engine.executorch

import dev.dsnet.engine.Backend
import dev.dsnet.engine.EngineContract
import dev.dsnet.engine.bundle
import dev.dsnet.engine.refusal
import org.junit.Test
import kotlin.test.assertContains
import kotlin.test.assertEquals

class ExecutorchEngineTest : EngineContract(Backend.EXECUTORCH, ExecutorchEngine) {
    @Test
    fun `it names the backend of its graphs`() {
        ExecutorchEngine.open(bundle("demo"), threads = 1).use { assertEquals("ExecuTorch, XnnpackBackend", it.runtime) }
    }

    @Test
    fun `engines that are open at the same time agree on threads`() {
        ExecutorchEngine.open(bundle("other"), threads = 2).use { first ->
            val reason = refusal { ExecutorchEngine.open(bundle("other"), threads = 1) }
            assertContains(reason, "an open engine uses 2 threads, this one asks for 1")
            ExecutorchEngine.open(bundle("demo"), threads = 2).use { it.prefix() }
            first.prefix()
        }
        ExecutorchEngine.open(bundle("other"), threads = 1).use { it.prefix() }
        assertContains(refusal { ExecutorchEngine.open(bundle("other"), threads = 0) }, "expected 1 or more")
    }

    @Test
    fun `an engine that did not open leaves no trace`() {
        val reason = refusal { ExecutorchEngine.open(bundle("fp16"), threads = 2) }
        assertContains(reason, "float16")
        ExecutorchEngine.open(bundle("other"), threads = 1).use { it.prefix() }
    }
}
