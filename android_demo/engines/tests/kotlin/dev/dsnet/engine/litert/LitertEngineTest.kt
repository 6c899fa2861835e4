package dev.dsnet.engine.litert

import dev.dsnet.engine.Backend
import dev.dsnet.engine.EngineContract
import dev.dsnet.engine.bundle
import dev.dsnet.engine.checkEveryPath
import org.junit.Test
import kotlin.test.assertTrue

class LitertEngineTest : EngineContract(Backend.LITERT, LitertEngine) {
    @Test
    fun `fp16 takes and gives float32`() {
        val bundle = bundle("fp16")
        LitertEngine.open(bundle, threads = 1).use { checkEveryPath(bundle, it, 1e-3) }
    }

    @Test
    fun `it names its version`() {
        LitertEngine.open(bundle("other"), threads = 1).use { engine ->
            assertTrue(Regex("LiteRT \\d+\\.\\d+.*, Interpreter").matches(engine.runtime), engine.runtime)
        }
    }
}
