package dev.dsnet.measure

import dev.dsnet.profile.Conditions
import dev.dsnet.profile.DeviceInfo
import java.util.Locale

// Equal cores under load sit at their maximum; one step of a cpufreq table is 5 % or more below it.
private const val HELD_BACK = 0.93
private const val OFTEN = 0.25 // of the readings during a block
private val FIXED_BY_CHOICE = setOf("powersave", "userspace")
const val COOL_CELSIUS = 70.0 // phones begin to hold back at 80, often earlier
private const val HOT_CELSIUS = 80.0

/** Why the block with these conditions (before, during, after) ran slower than the device can; empty if it did not. */
fun throttled(conditions: List<Conditions>, device: DeviceInfo): String {
    conditions.firstOrNull { it.throttled.isNotEmpty() }?.let { return "held back by ${it.throttled.joinToString(", ")}" }
    return clockFell(conditions.drop(1).dropLast(1), device)
}

/** Work may be on any of the big cores, and is where the clock is highest. x86 is left alone: its maximum is that of one core. */
private fun clockFell(during: List<Conditions>, device: DeviceInfo): String {
    if (Regex("x86.*|i.*").matches(device.architecture) || during.any { it.governors.any(FIXED_BY_CHOICE::contains) }) return ""
    val most = device.cores.filter { it.big && it.maxMhz > 0 }
    val lows = during.mapNotNull { state ->
        most.mapNotNull { core -> state.mhz.getOrNull(core.number)?.takeIf { it > 0 }?.let { it to core.maxMhz } }
            .maxByOrNull { (mhz, top) -> mhz.toDouble() / top }
            ?.takeIf { (mhz, top) -> mhz < HELD_BACK * top }
    }
    if (lows.isEmpty() || lows.size < OFTEN * during.size) return ""
    val (mhz, top) = lows.minByOrNull { it.first } ?: return ""
    return "the clock fell to $mhz of $top MHz under load"
}

/** Why a block should not begin yet; empty if it may. */
fun whyWait(conditions: Conditions): String {
    if (conditions.throttled.isNotEmpty()) return "held back by ${conditions.throttled.joinToString(", ")}"
    val hottest = conditions.celsius.maxByOrNull { it.value } ?: return ""
    if (hottest.value <= COOL_CELSIUS) return ""
    return String.format(Locale.ROOT, "%s at %.1f °C, %.0f °C wanted", hottest.key, hottest.value, COOL_CELSIUS)
}

/** What a reader of the figures should know, in one line each. `before` anything of ours ran, and `after` all of it. */
fun warnings(before: Conditions, after: Conditions): List<String> {
    val governors = before.governors.filter { it != "performance" }
    val hottest = after.celsius.values.maxOrNull()
    return listOfNotNull(
        "the clock follows the governor ${governors.joinToString(" and ")}; a phone needs root for another"
            .takeIf { governors.isNotEmpty() },
        "no temperature can be read, so heat would show in the clock alone".takeIf { hottest == null },
        hottest?.takeIf { it >= HOT_CELSIUS }
            ?.let { String.format(Locale.ROOT, "%.0f °C at the end: close to where clocks are held back", it) },
        "no core says its clock, so a clock that fell would not be seen".takeIf { after.mhz.none { it > 0 } },
        "the battery saver holds the processor back; turn it off and measure again"
            .takeIf { "battery saver" in before.throttled },
    )
}
