package dev.dsnet.energy

import dev.dsnet.DsnetException
import dev.dsnet.TestFolders
import dev.dsnet.profile.Verdict
import java.io.DataInputStream
import java.io.File
import kotlin.math.abs
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertTrue

class GoldenEnergyTest {
    private val verdicts = HashSet<Verdict>()

    @Test
    fun `series of batteries and rails come to the energies that Python finds`() {
        var refused = 0
        DataInputStream(File(TestFolders.golden, "energy.bin").inputStream().buffered()).use { stream ->
            repeat(stream.readInt()) { index ->
                val account = account(stream)
                val expected = stream.readBoolean()
                assertEquals(expected, account != null, "series $index is taken as a meter's")
                if (account == null) refused++ else compare(stream, account, "series $index")
            }
            assertEquals(-1, stream.read())
        }
        assertEquals(3, refused)
        assertEquals(Verdict.values().toSet(), verdicts, "every verdict occurs")
    }

    private fun account(stream: DataInputStream): Account? {
        val battery = stream.readBoolean()
        val count = stream.readInt()
        if (!battery) {
            val samples = List(count) { RailSample(stream.readLong(), mapOf("VDD_CPU" to stream.readLong())) }
            return railsAccount(samples, listOf("VDD_CPU"))
        }
        val samples = List(count) { BatterySample(stream.readDouble(), stream.readLong(), stream.readLong(), false) }
        return try {
            batteryAccount(samples)
        } catch (error: DsnetException) {
            null
        }
    }

    private fun compare(stream: DataInputStream, account: Account, what: String) {
        val found = with(account) { listOf(joules.last(), intervalS, stepW, stepJ, resolutionMj) }
        for (number in found) close(stream.readDouble(), number, what)
        repeat(stream.readInt()) { index -> compareLoop(stream, account, "$what, loop $index") }
    }

    private fun compareLoop(stream: DataInputStream, account: Account, what: String) {
        val runs = stream.readInt()
        val times = List(6) { stream.readDouble() }
        val throttled = if (stream.readBoolean()) "thermal status severe" else ""
        val loop = Loop(runs, times[0], times[1], throttled)
        val found = pathEnergy(account, loop, Rest(times[2], times[3]), Rest(times[4], times[5]))
        for (number in with(found) { listOf(energyMj, lowMj, highMj, runW, idleBeforeW, idleAfterW) }) {
            close(stream.readDouble(), number, what)
        }
        assertEquals(Verdict.values()[stream.readInt()], found.verdict, "$what: ${found.reason}")
        assertEquals(found.verdict == Verdict.STEADY, found.reason.isEmpty(), what)
        verdicts += found.verdict
    }

    private fun close(expected: Double, found: Double, what: String) =
        assertTrue(abs(expected - found) <= 1e-9 * maxOf(1.0, abs(expected)), "$what: expected $expected, found $found")
}
