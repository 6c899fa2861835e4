package dev.dsnet.measure

import dev.dsnet.profile.Conditions
import kotlin.math.roundToInt

private const val CPU = "sys/devices/system/cpu"
private const val THERMAL = "sys/class/thermal"
private val STATUS = listOf("", "light", "moderate", "severe", "critical", "emergency", "shutdown")
private const val CLOCK_COOLING = "cpufreq|^Processor$|powerclamp"

/** What only Android's services tell. `thermalStatus`: PowerManager's 0 to 6, and 0 before Android 10, which has none. */
data class PhoneState(val thermalStatus: Int = 0, val batteryCelsius: Double? = null, val batterySaver: Boolean = false)

/** The state of the device now; `uptimeS` is read first. */
fun readConditions(files: SystemFiles, uptimeS: Double, phone: PhoneState): Conditions = Conditions(
    uptimeS = uptimeS,
    load = files.text("proc/loadavg")?.substringBefore(' ')?.toDoubleOrNull()?.takeIf { it in 0.0..1e6 } ?: 0.0,
    celsius = zones(files) + listOfNotNull(phone.batteryCelsius?.let { "battery" to it }),
    mhz = mhz(files),
    governors = files.numbered(CPU, "cpu").mapNotNull { files.text("$CPU/cpu$it/cpufreq/scaling_governor") }.map(::printable)
        .filter { it.isNotEmpty() }.distinct().sorted(),
    throttled = cooling(files) + listOfNotNull(
        STATUS.getOrNull(phone.thermalStatus)?.takeIf { it.isNotEmpty() }?.let { "thermal status $it" },
        "battery saver".takeIf { phone.batterySaver },
    ),
)

/** By the type of the zone; the second of the same type is called `type#2`. */
private fun zones(files: SystemFiles): Map<String, Double> {
    val found = LinkedHashMap<String, Double>()
    for (zone in files.numbered(THERMAL, "thermal_zone")) {
        // Disabled zones say 0, -40000 or 2000000; zones that are none, such as a phone's state of charge, say less than 1000.
        val millidegrees = files.number("$THERMAL/thermal_zone$zone/temp")?.takeIf { it in 1000..125_000 } ?: continue
        val name = printable(files.text("$THERMAL/thermal_zone$zone/type").orEmpty()).ifEmpty { "thermal_zone$zone" }
        val same = found.keys.count { it == name || it.startsWith("$name#") }
        found[if (same > 0) "$name#${same + 1}" else name] = millidegrees / 1000.0
    }
    return found
}

/** Of every core; 0 of those that are off or do not say. */
private fun mhz(files: SystemFiles): List<Int> {
    val cores = files.numbered(CPU, "cpu")
    return List((cores.maxOrNull() ?: -1) + 1) { core ->
        ((files.number("$CPU/cpu$core/cpufreq/scaling_cur_freq") ?: 0) / 1000.0).roundToInt().coerceAtLeast(0)
    }
}

/** Cooling devices that hold a processor's clock back; fans and the like cost no time. */
private fun cooling(files: SystemFiles): List<String> = files.numbered(THERMAL, "cooling_device").mapNotNull { device ->
    val type = files.text("$THERMAL/cooling_device$device/type")?.trim().orEmpty()
    val state = files.number("$THERMAL/cooling_device$device/cur_state") ?: 0
    "${printable(type)} at $state".takeIf { state > 0 && Regex(CLOCK_COOLING).containsMatchIn(type) }
}
