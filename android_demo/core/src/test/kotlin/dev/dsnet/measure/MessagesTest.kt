package dev.dsnet.measure

import dev.dsnet.DsnetException
import dev.dsnet.engine.Backend
import java.io.File
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertTrue

/** What processes tell each other, and what an intent asks for: all of it may be anything. */
class MessagesTest {
    private val block = BlockJob(File("/data/a \"b\""), Backend.LITERT, 2, listOf(0, 1), 0.5, 100, 7)
    private val check = CheckJob(File("/data/bundle"), Backend.SLICED, 1)

    @Test
    fun `a job and its answer arrive as they were`() {
        for (job in listOf(block, check)) assertEquals(job, readJob(jobText(job)))
        for (answer in listOf(raw(ms = 0.123456), Refused("no such engine"))) {
            assertEquals(answer, readAnswer(answerText(answer), block))
        }
        val infinite = PASSED.copy(pathErrors = listOf(0.5, Double.MAX_VALUE))
        for (answer in listOf(PASSED, infinite)) assertEquals(answer, readAnswer(answerText(answer), check))
    }

    @Test
    fun `what is no job is refused`() {
        val right = jobText(block)
        val changed = listOf(right.replace("litert", "tflite"), right.replace("/data", "data"), right.dropLast(1))
        for (wrong in listOf("", "[]", "{") + changed) {
            assertFailsWith<DsnetException>(wrong) { readJob(wrong) }
        }
    }

    @Test
    fun `what is no answer is refused, and the message says where it is wrong`() {
        val faults = mapOf(
            "" to "no JSON",
            "{\"error\": 3}" to "error must be",
            answerText(PASSED) to "has no field",
            answerText(raw()).replace("\"open_ms\":2", "\"open_ms\":-2") to "open_ms must be a number",
            answerText(raw()).replace("\"open_ms\":2", "\"open_ms\":1e999") to "open_ms must be a number",
            answerText(raw().copy(paths = raw().paths.reversed())) to "paths [1, 0], expected [0, 1]",
            answerText(raw().copy(gateMs = listOf(1.0))) to "some samples are missing",
            answerText(raw(ms = 500.0)) to "its clock jumped",
            answerText(raw()).replace("\"recorded\"", "\"a\\u0007b\"") to "runtime must be a text of one line",
        )
        for ((text, told) in faults) {
            val error = assertFailsWith<DsnetException>(text.take(80)) { readAnswer(text, block) }
            assertTrue(told in error.message.orEmpty(), "$told: ${error.message}")
            assertEquals(1, error.message.orEmpty().lines().size)
        }
    }

    @Test
    fun `a request has defaults, and one series for each engine at each number of threads`() {
        val plain = readRequest(mapOf("run" to "r1"))
        assertEquals(listOf(Lane(Backend.SLICED, 1)), plain.lanes)
        assertEquals(listOf(8.0, 3.0, 0.03), plain.settings.run { listOf(blocks.toDouble(), blockS, noise) })
        val all = readRequest(mapOf("run" to "r1", "backends" to "sliced, litert,sliced", "threads" to "1,4"))
        assertEquals(listOf("sliced x1", "sliced x4", "litert x1", "litert x4"), all.lanes.map { it.toString() })
    }

    @Test
    fun `a request that is wrong is refused by the name of what is wrong in it`() {
        val faults = listOf(
            "run" to "../x", "run" to "", "bundle" to "a/b", "bundle" to ".part", "backends" to "numpy", "backends" to "",
            "threads" to "0", "threads" to "1,,2", "threads" to "99", "blocks" to "1", "blocks" to "many", "seconds" to "NaN",
            "seconds" to "1e9", "noise" to "-1", "surprise" to "1",
        )
        for ((name, value) in faults) {
            val error = assertFailsWith<DsnetException>("$name=$value") { readRequest(mapOf("run" to "r1") + (name to value)) }
            assertTrue(error.message.orEmpty().startsWith("benchmark: $name: expected"), error.message)
        }
        assertFailsWith<DsnetException> { readRequest(emptyMap()) }
    }
}
