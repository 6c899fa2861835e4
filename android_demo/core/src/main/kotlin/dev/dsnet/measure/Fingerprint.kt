package dev.dsnet.measure

import dev.dsnet.profile.Core
import dev.dsnet.profile.DeviceInfo
import kotlin.math.roundToInt

private const val CPU = "sys/devices/system/cpu"
private const val BIG_CAPACITY = 0.4 // of the fastest core's
private const val BIG_FREQUENCY = 0.7

/** What Android tells of a phone, empty where it does not. */
data class PhoneNames(
    val product: String, // its maker and model
    val soc: String,
    val system: String, // such as Android 15
    val kernel: String,
    val fingerprint: String,
    val architecture: String, // as uname -m
)

/** Which device this is: the label that every profile carries. What it does not say is empty or zero. */
fun describeDevice(files: SystemFiles, names: PhoneNames): DeviceInfo {
    val cores = cores(files)
    val fastestFirst = cores.sortedWith(compareBy({ -it.capacity }, { -it.maxMhz }))
    val cpu = fastestFirst.map { it.part }.filter { it.isNotEmpty() }.distinct().joinToString(" + ")
    return DeviceInfo(
        kind = "app",
        name = listOf(names.product, cpu, names.architecture, "unknown device").map(::printable).first { it.isNotEmpty() },
        cpu = cpu,
        architecture = printable(names.architecture),
        cores = cores,
        ramBytes = kilobytes(files.text("proc/meminfo").orEmpty(), "MemTotal") * 1024,
        system = printable(names.system),
        kernel = printable(names.kernel),
        firmware = printable(names.fingerprint),
        soc = printable(names.soc),
    )
}

/** The rule of native/src/topology.h says which are big. */
private fun cores(files: SystemFiles): List<Core> {
    val parts = parts(files.text("proc/cpuinfo").orEmpty())
    val last = (files.numbered(CPU, "cpu") + parts.keys).maxOrNull() ?: -1
    val cores = List(last + 1) { number ->
        Core(
            number = number,
            maxMhz = ((files.number("$CPU/cpu$number/cpufreq/cpuinfo_max_freq") ?: 0) / 1000.0).roundToInt().coerceAtLeast(0),
            capacity = (files.number("$CPU/cpu$number/cpu_capacity") ?: 0).coerceIn(0, 1024).toInt(),
            part = parts[number].orEmpty(),
            big = true,
        )
    }
    for ((speed, share) in listOf<Pair<(Core) -> Int, Double>>(Core::capacity to BIG_CAPACITY, Core::maxMhz to BIG_FREQUENCY)) {
        val most = cores.maxOfOrNull(speed) ?: 0
        if (cores.all { speed(it) > 0 }) return cores.map { it.copy(big = speed(it) >= share * most) }
    }
    return cores
}

/** Of every `processor` of /proc/cpuinfo its `CPU part`, such as 0xd0b. */
private fun parts(cpuinfo: String): Map<Int, String> = cpuinfo.split(Regex("(?m)^(?=processor\\s*:)")).mapNotNull { block ->
    val number = Regex("^processor\\s*:\\s*(\\d{1,3})\\s*$", RegexOption.MULTILINE).find(block)?.groupValues?.get(1)?.toInt()
    val part = Regex("^CPU part\\s*:\\s*(0x[0-9a-fA-F]{1,4})\\s*$", RegexOption.MULTILINE).find(block)?.groupValues?.get(1)
    if (number != null && part != null) number to part else null
}.toMap()

private fun kilobytes(text: String, field: String): Long =
    Regex("^$field:\\s*(\\d{1,12}) kB", RegexOption.MULTILINE).find(text)?.groupValues?.get(1)?.toLong() ?: 0
