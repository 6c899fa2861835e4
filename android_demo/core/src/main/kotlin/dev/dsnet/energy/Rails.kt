package dev.dsnet.energy

import dev.dsnet.DsnetException

private const val STEP_J = 1e-6
private const val UNAVAILABLE = -1L // PowerMonitorReadings.ENERGY_UNAVAILABLE

/**
 * What SystemHealthManager.getPowerMonitorReadings gave (Android 15): microwatt-seconds since the phone was started, by the name
 * of each monitor, and when they were read, of its own clock: they may be older than the call.
 */
data class RailSample(val atMs: Long, val microjoules: Map<String, Long>)

/**
 * The monitors that see the processor and nothing else: a Pixel's rails `VDD_CPU...`, else Android's own estimate called `CPU`.
 * Empty where a phone has neither. Other rails overlap with them, so they are never added up.
 */
fun processorRails(names: Collection<String>): List<String> {
    val rails = names.filter { "VDD_CPU" in it }.sorted()
    return rails.ifEmpty { names.filter { it.equals("CPU", ignoreCase = true) }.take(1) }
}

/** The energy of these rails together. Samples that lack one of them do not count. Throws [DsnetException]. */
fun railsAccount(samples: List<RailSample>, rails: List<String>): Account {
    if (rails.isEmpty()) throw DsnetException("power monitors: this phone has none of the processor; use its battery")
    val told = samples.mapNotNull { sample ->
        val energies = rails.map { sample.microjoules[it] ?: UNAVAILABLE }
        if (energies.any { it < 0 }) null else Reading(sample.atMs / 1e3, energies.sum() / 1e6)
    }
    return counted(told, STEP_J, "power monitors")
}
