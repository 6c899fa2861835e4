package dev.dsnet.measure

import dev.dsnet.profile.Core
import java.io.File
import kotlin.test.AfterTest
import kotlin.test.Test
import kotlin.test.assertEquals

class ConditionsTest {
    private val root = File.createTempFile("system", "").apply {
        delete()
        mkdirs()
    }
    private val cpu = "sys/devices/system/cpu"

    @AfterTest
    fun remove() {
        root.deleteRecursively()
    }

    private fun write(vararg files: Pair<String, String>) {
        for ((name, text) in files) File(root, name).apply { parentFile?.mkdirs() }.writeText(text)
    }

    @Test
    fun `a phone that tells everything`() {
        write(
            "proc/loadavg" to "1.25 0.5 0.1 1/100 1234\n",
            "$cpu/cpu0/cpufreq/scaling_cur_freq" to "1800000\n",
            "$cpu/cpu0/cpufreq/scaling_governor" to "schedutil\n",
            "$cpu/cpu2/cpufreq/scaling_cur_freq" to "2850400\n",
            "$cpu/cpufreq/boost" to "1",
            "sys/class/thermal/thermal_zone0/type" to "cpu\n",
            "sys/class/thermal/thermal_zone0/temp" to "45500\n",
            "sys/class/thermal/thermal_zone1/type" to "cpu\n",
            "sys/class/thermal/thermal_zone1/temp" to "46000\n",
            "sys/class/thermal/thermal_zone2/type" to "soc\n", // of charge
            "sys/class/thermal/thermal_zone2/temp" to "87\n",
            "sys/class/thermal/cooling_device3/type" to "thermal-cpufreq-1\n",
            "sys/class/thermal/cooling_device3/cur_state" to "2\n",
        )
        val phone = PhoneState(thermalStatus = 2, batteryCelsius = 31.4, batterySaver = true)
        val found = readConditions(SystemFiles(root), 12.5, phone)
        assertEquals(12.5, found.uptimeS)
        assertEquals(1.25, found.load)
        assertEquals(mapOf("cpu" to 45.5, "cpu#2" to 46.0, "battery" to 31.4), found.celsius)
        assertEquals(listOf(1800, 0, 2850), found.mhz)
        assertEquals(listOf("schedutil"), found.governors)
        assertEquals(listOf("thermal-cpufreq-1 at 2", "thermal status moderate", "battery saver"), found.throttled)
    }

    @Test
    fun `a phone that tells nothing, or nonsense`() {
        val silent = readConditions(SystemFiles(root), 1.0, PhoneState())
        assertEquals(conditions(1.0).copy(celsius = emptyMap()), silent)
        write("proc/loadavg" to "NaN", "sys/class/thermal/thermal_zone0/temp" to "hot")
        write("$cpu/cpu0/cpufreq/scaling_cur_freq" to "-5")
        val nonsense = readConditions(SystemFiles(root), 1.0, PhoneState(thermalStatus = 77))
        assertEquals(conditions(1.0, mhz = listOf(0)).copy(celsius = emptyMap()), nonsense)
    }

    @Test
    fun `cores, memory and names of a phone`() {
        write(
            "proc/cpuinfo" to "processor\t: 0\nCPU part\t: 0xd05\n\nprocessor\t: 1\nCPU part\t: 0xd0b\n",
            "proc/meminfo" to "MemTotal:        7824508 kB\n",
            "$cpu/cpu0/cpu_capacity" to "250",
            "$cpu/cpu1/cpu_capacity" to "1024",
            "$cpu/cpu1/cpufreq/cpuinfo_max_freq" to "2400000",
        )
        val names = PhoneNames("Maker\nPhone 7", "Maker SoC", "Android 15", "Linux 6.1", "maker/phone:15", "aarch64")
        val found = describeDevice(SystemFiles(root), names)
        assertEquals(listOf(Core(0, 0, 250, "0xd05", false), Core(1, 2400, 1024, "0xd0b", true)), found.cores)
        assertEquals(listOf("Maker Phone 7", "0xd0b + 0xd05", "aarch64"), listOf(found.name, found.cpu, found.architecture))
        assertEquals(7824508L * 1024, found.ramBytes)
    }

    @Test
    fun `a clock that fell under load holds a block back, and heat makes it wait`() {
        val device = DEVICE.copy(cores = listOf(Core(0, 2000, 0, "", false), Core(1, 2400, 0, "", true)))
        val full = conditions(mhz = listOf(500, 2400))
        val low = conditions(mhz = listOf(2000, 1800))
        assertEquals("", throttled(listOf(full, full, full, full, full, low, full), device)) // one of five is no sign
        assertEquals("the clock fell to 1800 of 2400 MHz under load", throttled(listOf(full, low, low, full, full), device))
        assertEquals("", throttled(listOf(full, low, low, full), device.copy(architecture = "x86_64")))
        assertEquals("", whyWait(full))
        assertEquals("skin at 71.5 °C, 70 °C wanted", whyWait(full.copy(celsius = mapOf("skin" to 71.5))))
    }
}
