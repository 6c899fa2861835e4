package dev.dsnet.energy

import dev.dsnet.DsnetException
import java.math.BigDecimal
import java.math.MathContext
import kotlin.math.abs
import kotlin.math.max

private const val WHAT = "battery"
private const val FIX = "unplug the phone and measure again"
private const val MILLIAMPERES = 10_000 // below: 10 A is too much, and 10 mA in microamperes too little, for a phone at work
private const val MILLIVOLTS = 100_000 // below: 100 V is too much, and 0.1 V in microvolts too little
private const val LARGEST_A = 30.0
private const val MOST_OF_OTHER_SIGN = 20 // one in so many

/**
 * What BatteryManager said: `current` is BATTERY_PROPERTY_CURRENT_NOW, `voltage` EXTRA_VOLTAGE, both as they come, and
 * `charging` whether anything but the battery feeds the phone (EXTRA_PLUGGED is not 0).
 */
data class BatterySample(val atS: Double, val current: Long, val voltage: Long, val charging: Boolean)

/**
 * The energy of the whole phone, screen, camera and radio included, from its battery.
 *
 * Android says microamperes, positive while charging, and millivolts; vendors differ in unit and sign, so both are found out
 * from the samples, as dsnet_edge/energy/battery.py does. Throws [DsnetException] where the phone is fed, or does not measure
 * its current.
 */
fun batteryAccount(samples: List<BatterySample>): Account {
    samples.firstOrNull { it.charging }?.let { throw DsnetException("$WHAT: it is being charged at ${it.atS} s; $FIX") }
    val told = samples.filter { it.current != Int.MIN_VALUE.toLong() && it.current != Long.MIN_VALUE && it.voltage > 0 }
    if (told.isEmpty()) throw DsnetException("$WHAT: not one reading; this phone does not tell its current")
    val largest = told.maxOf { abs(it.current) }
    val ampere = if (largest < MILLIAMPERES) 1e-3 else 1e-6
    val volt = if (told.maxOf { it.voltage } < MILLIVOLTS) 1e-3 else 1e-6
    val sign = if (median(told.map { it.current.toDouble() }) < 0) -1 else 1
    check(told, largest * ampere, median(told.map { it.voltage.toDouble() }) * volt)
    return integrated(told.map { Reading(it.atS, sign * it.current * ampere * it.voltage * volt) }, WHAT)
}

private fun check(samples: List<BatterySample>, amperes: Double, volts: Double) {
    if (amperes == 0.0) throw DsnetException("$WHAT: its current is always 0; this phone does not measure it")
    if (amperes > LARGEST_A || volts < 2.5 || volts > 30.0) {
        val found = "${short(amperes)} A at ${short(volts)} V"
        throw DsnetException("$WHAT: $found is no battery's; this phone's numbers cannot be used")
    }
    val positive = samples.count { it.current > 0 }
    val fewer = minOf(positive, samples.count { it.current < 0 })
    if (fewer * MOST_OF_OTHER_SIGN > samples.size) {
        throw DsnetException("$WHAT: its current changed its sign in $fewer of ${samples.size} readings, so it is fed; $FIX")
    }
}

internal fun median(numbers: List<Double>): Double {
    val sorted = numbers.sorted()
    return (sorted[(sorted.size - 1) / 2] + sorted[sorted.size / 2]) / 2
}

/** Three digits that count. */
internal fun short(number: Double): String = BigDecimal(max(0.0, number)).round(MathContext(3)).toPlainString()
