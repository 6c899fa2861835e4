package dev.dsnet.measure

import dev.dsnet.engine.Backend
import dev.dsnet.profile.PathSamples
import dev.dsnet.profile.toJson
import java.io.File
import java.nio.file.Files
import kotlin.test.AfterTest
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertNull

class MeasuredCostsTest {
    private val benchmarks: File = Files.createTempDirectory("benchmarks").toFile()

    @AfterTest
    fun remove() {
        benchmarks.deleteRecursively()
    }

    /** A benchmark of two blocks in which path 0 took `slimmest` ms and path 1 `widest` ms. */
    private fun benchmark(name: String, seconds: Long, slimmest: Double, widest: Double, threads: Int = 1) {
        val times = listOf(slimmest, widest)
        val block = raw().copy(paths = times.mapIndexed { path, ms -> PathSamples(path, List(5) { ms / 2 }, List(5) { ms }) })
        val campaign = begun(listOf(Lane(Backend.SLICED, threads))).next(PASSED).next(block).next(block)
        write(name, seconds, toJson(campaign.profile))
    }

    private fun write(name: String, seconds: Long, text: String) {
        val file = File(benchmarks, "$name/$PROFILE_FILE")
        file.parentFile.mkdirs()
        file.writeText(text)
        check(file.setLastModified(seconds * 1000))
    }

    private fun found(backend: Backend = Backend.SLICED, threads: Int = 1): List<Double>? =
        measuredCosts(benchmarks, BUNDLE_INFO, backend, threads)?.ms

    @Test
    fun `the latest benchmark counts`() {
        benchmark("older", 1000, 1.0, 2.0)
        benchmark("newer", 2000, 1.5, 4.0)
        assertEquals(listOf(1.5, 4.0), found())
        benchmark("older", 3000, 1.0, 2.0)
        assertEquals(listOf(1.0, 2.0), found())
    }

    @Test
    fun `what measured something else, or went wrong, is passed over`() {
        benchmark("good", 1000, 1.0, 2.0)
        benchmark("threads", 2000, 3.0, 4.0, threads = 2)
        benchmark("equal", 3000, 5.0, 5.0)
        write("damaged", 4000, "{")
        assertEquals(listOf(1.0, 2.0), found())
        assertEquals(listOf(3.0, 4.0), found(threads = 2))
        assertNull(found(backend = Backend.LITERT))
        assertNull(measuredCosts(benchmarks, BUNDLE_INFO.copy(name = "other"), Backend.SLICED, 1))
    }

    @Test
    fun `without a benchmark there are no costs`() {
        assertNull(found())
        assertNull(measuredCosts(File(benchmarks, "none"), BUNDLE_INFO, Backend.SLICED, 1))
    }
}
