package dev.dsnet.energy

import dev.dsnet.DsnetException
import kotlin.test.Test
import kotlin.test.assertContains
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith

class BatteryTest {
    private fun samples(vararg currents: Long, voltage: Long = 4000, charging: Boolean = false) =
        currents.mapIndexed { index, current -> BatterySample(10.0 + index, current, voltage, charging) }

    private fun complaint(samples: List<BatterySample>): String =
        checkNotNull(assertFailsWith<DsnetException> { batteryAccount(samples) }.message)

    @Test
    fun `unit and sign are found out`() {
        // 0.3 A at 4 V for a second, then 0.5 A after another: 1.2 J and (1.2 + 2.0) / 2 J.
        for (samples in listOf(
            samples(-300_000, -300_000, -500_000),
            samples(300_000, 300_000, 500_000),
            samples(-300, -300, -500),
            samples(300, 300, 500),
            samples(300, 300, 500, voltage = 4_000_000),
        )) {
            assertEquals(listOf(0.0, 1.2, 2.8), batteryAccount(samples).joules.map { Math.round(it * 1e9) / 1e9 })
        }
    }

    @Test
    fun `a phone that is fed is no meter`() {
        assertEquals(
            "battery: it is being charged at 10.0 s; unplug the phone and measure again",
            complaint(samples(-300_000, charging = true)),
        )
        assertContains(complaint(samples(-300, 300, -300, 300)), "its current changed its sign in 2 of 4 readings, so it is fed")
    }

    @Test
    fun `what a phone without a gauge says is no reading`() {
        val unsupported = samples(Int.MIN_VALUE.toLong(), Long.MIN_VALUE)
        assertContains(complaint(unsupported), "not one reading")
        assertContains(complaint(emptyList()), "not one reading")
        assertContains(complaint(samples(-300_000, voltage = 0)), "not one reading")
        assertContains(complaint(samples(0, 0)), "its current is always 0")
        assertContains(complaint(samples(-40_000_000)), "40 A at 4 V is no battery's")
        assertContains(complaint(samples(-300_000, voltage = 4)), "is no battery's")
        assertEquals(0.0, batteryAccount(unsupported + BatterySample(13.0, -300_000, 4000, false)).joules.last())
    }

    @Test
    fun `millijoules a frame are mean power over the frame rate`() {
        val steady = samples(-500, -500, -500, -500, -500)
        assertEquals(2.0 / 25 * 1000, liveMj(steady, 25.0), 1e-9)
        fun complaint(work: () -> Double): String = checkNotNull(assertFailsWith<DsnetException> { work() }.message)
        assertContains(complaint { liveMj(steady.take(3), 25.0) }, "too few readings")
        assertContains(complaint { liveMj(steady, 0.0) }, "no frames to share the energy")
        assertContains(complaint { liveMj(steady, Double.NaN) }, "no frames")
        assertContains(complaint { liveMj(samples(-5, -5, -5, -5, charging = true), 25.0) }, "charged")
    }

    @Test
    fun `samples of the latest twenty seconds are kept`() {
        val all = (0..60).map { BatterySample(it.toDouble(), -1, 4000, false) }
        val kept = all.fold(emptyList(), ::latest)
        assertEquals((40..60).map { it.toDouble() }, kept.map { it.atS })
        assertEquals(listOf(3.0), latest(kept, all[3]).map { it.atS }) // a clock that starts anew
    }
}
