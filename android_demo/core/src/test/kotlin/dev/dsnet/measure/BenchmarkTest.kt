package dev.dsnet.measure

import dev.dsnet.DsnetException
import dev.dsnet.TestFolders
import dev.dsnet.bundle.Bundle
import dev.dsnet.profile.Verdict
import dev.dsnet.profile.readPathCosts
import java.io.File
import kotlin.concurrent.thread
import kotlin.test.AfterTest
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertTrue
import org.json.JSONObject

/** Whole runs, with a JVM of its own for every block. */
class BenchmarkTest {
    private val folder = File.createTempFile("runs", "").apply { delete() }
    private val bundle = Bundle.open(TestFolders.bundle)

    @AfterTest
    fun remove() {
        folder.deleteRecursively()
    }

    private fun run(engine: String, limitS: Double = 60.0): Campaign {
        val request = readRequest(mapOf("run" to "r1", "blocks" to "2", "seconds" to "0.1", "noise" to "10"))
        return Benchmark(jvmBench(engine, limitS), "test", { DEVICE }).run(request, RunRecord(folder), { bundle }, {})
    }

    private fun status() = JSONObject(File(folder, STATUS_FILE).readText())

    @Test
    fun `a run leaves a profile that costs can be read from`() {
        val campaign = run("recorded")
        assertEquals(Verdict.STEADY, campaign.profile.series.single().verdict)
        assertEquals("finished", status().getString("state"))
        assertEquals(setOf(STATUS_FILE, PROFILE_FILE), folder.list().orEmpty().toSet())
        val costs = readPathCosts(File(folder, PROFILE_FILE), bundleInfo(bundle.manifest), "sliced", 1)
        assertEquals(campaign.profile.series.single().paths.map { it.totalMs.median }, costs.ms)
        assertTrue(costs.ms.last() > costs.ms.first(), "the widest path takes longer: ${costs.ms}")
    }

    @Test
    fun `costs of another network, engine or file are refused`() {
        run("recorded")
        val file = File(folder, PROFILE_FILE)
        val info = bundleInfo(bundle.manifest)
        val faults = mapOf(
            "bundle of another madds" to { readPathCosts(file, info.copy(madds = info.madds.map { it + 1 }), "sliced", 1) },
            "no times of litert x1" to { readPathCosts(file, info, "litert", 1) },
            "not JSON" to { readPathCosts(file.apply { writeText(readText().dropLast(9)) }, info, "sliced", 1) },
        )
        for ((told, read) in faults) assertTrue(told in assertFailsWith<DsnetException> { read() }.message.orEmpty())
    }

    @Test
    fun `processes that die, hang or break end their lane and not the run`() {
        val told = mapOf(
            "recorded:DIES" to "its process ended with exit code 139",
            "recorded:HANGS" to "its process did not end within 1 s",
            "recorded:OUT_OF_MEMORY" to "out of memory",
            "recorded:NO_LIBRARY" to "a library is missing or broken",
            "recorded:REFUSES" to "model.dsnet: refused by the test",
            "recorded:NOT_A_NUMBER" to "misses the bundle's golden outputs",
        )
        for ((engine, reason) in told) {
            val campaign = run(engine, if (engine.endsWith("HANGS")) 1.0 else 60.0)
            assertTrue(campaign.profile.series.isEmpty())
            assertTrue(reason in campaign.profile.warnings.first(), "$engine: ${campaign.profile.warnings}")
            assertEquals("finished", status().getString("state"))
        }
    }

    @Test
    fun `a run that is interrupted ends its process and says so`() {
        var error: Throwable? = null
        val running = thread {
            try {
                run("recorded:HANGS")
            } catch (interrupt: InterruptedException) {
                error = interrupt
            }
        }
        while (!File(folder, STATUS_FILE).exists()) Thread.sleep(10)
        running.interrupt()
        running.join()
        assertTrue(error is InterruptedException)
        assertEquals("failed", status().getString("state"))
    }

    @Test
    fun `a record that cannot be written is told`() {
        folder.writeText("in the way")
        assertTrue("free some space" in assertFailsWith<DsnetException> { run("recorded") }.message.orEmpty())
    }
}
