package dev.dsnet.measure

import dev.dsnet.engine.Backend
import dev.dsnet.profile.BundleInfo
import dev.dsnet.profile.Conditions
import dev.dsnet.profile.DeviceInfo
import dev.dsnet.profile.PathSamples
import dev.dsnet.profile.Profile
import dev.dsnet.profile.Settings
import java.io.File

val LANE = Lane(Backend.SLICED, 1)
val SETTINGS = Settings(seed = 3, blocks = 2, blockS = 0.5, noise = 0.05)
val DEVICE = DeviceInfo("app", "Example phone", "0xd0b", "aarch64", emptyList(), 0, "Android 15", "Linux 6", "", "")
val BUNDLE_INFO = BundleInfo("net", "fp32", "a".repeat(64), 8, 8, listOf(0, 1), listOf(100, 200))
val PASSED = GoldenCheck("recorded", 2, 1e-4, listOf(1e-6, 1e-5), 1e-6, 0)

fun conditions(uptimeS: Double = 0.0, throttled: List<String> = emptyList(), mhz: List<Int> = emptyList()): Conditions =
    Conditions(uptimeS, 0.0, mapOf("battery" to 30.0), mhz, emptyList(), throttled)

/** Two paths, `runs` inferences of `ms` each. */
fun raw(ms: Double = 1.0, runs: Int = 5): RawBlock {
    val suffix = List(runs) { ms / 2 }
    val total = List(runs) { ms }
    val stages = List(2 * runs) { ms / 4 }
    return RawBlock("recorded", 10.0, 11.0, 2.0, 3.0, 1000, 2000, stages, stages, List(2) { PathSamples(it, suffix, total) })
}

fun begun(lanes: List<Lane> = listOf(LANE), settings: Settings = SETTINGS): Campaign {
    val header = Profile("2026-01-01T00:00:00+00:00", "dsnet-edge 0", false, DEVICE, BUNDLE_INFO, settings, emptyList())
    return Campaign(File("/bundle"), header, listOf(0, 1), lanes.map { Course(it) }, 0, emptyList()).refilled()
}

fun Campaign.next(outcome: Outcome, conditions: List<Conditions> = listOf(conditions(), conditions())): Campaign =
    after(checkNotNull(task), outcome, conditions)

fun Campaign.next(answer: Answer): Campaign = next(Outcome.Answered(answer))
