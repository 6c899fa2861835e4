package dev.dsnet.profile

/**
 * A profile, version 1 (docs/profile.md): the values of `dsnet_edge/profile/values.py` under the same names. Nothing here
 * measures anything.
 */
data class Profile(
    val created: String, // ISO 8601, UTC
    val tool: String,
    val complete: Boolean,
    val device: DeviceInfo,
    val bundle: BundleInfo,
    val settings: Settings,
    val series: List<Series>,
    val warnings: List<String> = emptyList(),
) {
    fun find(backend: String, threads: Int): Series? = series.find { it.backend == backend && it.threads == threads }
}

/** Zero or empty where the system does not say. */
data class Core(val number: Int, val maxMhz: Int, val capacity: Int, val part: String, val big: Boolean)

data class DeviceInfo(
    val kind: String, // app: measured inside an app, as no shell does
    val name: String,
    val cpu: String,
    val architecture: String, // as uname -m
    val cores: List<Core>,
    val ramBytes: Long,
    val system: String,
    val kernel: String,
    val firmware: String,
    val soc: String,
)

data class BundleInfo(
    val name: String,
    val precision: String,
    val sha256: String,
    val height: Int,
    val width: Int,
    val choices: List<Int>, // of the gate, one a path
    val madds: List<Long>, // one a path
)

/**
 * `blocks` wanted of each series; `noise`: the largest half-width of an interval, relative to the median, that is called steady.
 */
data class Settings(val seed: Int, val blocks: Int, val blockS: Double, val noise: Double)

/** Of repeated measurements in milliseconds; `low` to `high` is a 95 % bootstrap interval of the median. */
data class Summary(
    val runs: Int,
    val median: Double,
    val low: Double,
    val high: Double,
    val p90: Double,
    val p99: Double,
    val min: Double,
) {
    /** Of the interval, relative to the median. */
    val halfWidth: Double get() = if (median > 0) (high - low) / (2 * median) else 0.0
}

enum class Verdict(val word: String) {
    STEADY("steady"),
    NOISY("noisy"),
    THROTTLED("throttled"),
    INCOMPLETE("incomplete"),
}

/** One backend at one number of threads, over all kept blocks. */
data class Series(
    val backend: String,
    val threads: Int,
    val runtime: String,
    val verdict: Verdict,
    val warnings: List<String>,
    val anonymousBytes: Long, // resident after every path has run, less what the process held before
    val fileBytes: Long,
    val openMs: Summary,
    val firstRunMs: Summary,
    val prefixMs: Summary,
    val gateMs: Summary,
    val paths: List<PathTime>,
    val blocks: List<Block>,
)

data class PathTime(val path: Int, val suffixMs: Summary, val totalMs: Summary)

/** One fresh process: opened, warmed up, then rounds of every path in random order. */
data class Block(
    val number: Int,
    val reason: String, // why it is not kept, else empty
    val seconds: Double,
    val openMs: Double,
    val firstRunMs: Double,
    val prefixMs: List<Double>,
    val gateMs: List<Double>,
    val paths: List<PathSamples>,
    val conditions: List<Conditions>, // before, during, after
) {
    val kept: Boolean get() = reason.isEmpty()
}

/** Every timed inference on one path of one block, in order. */
data class PathSamples(val path: Int, val suffixMs: List<Double>, val totalMs: List<Double>)

/** The state of a device at one moment. */
data class Conditions(
    val uptimeS: Double, // of the device's clock that never jumps
    val load: Double, // 1-minute average; 0 where an app may not read it
    val celsius: Map<String, Double>, // by sensor
    val mhz: List<Int>, // of every core, 0 where it does not say
    val governors: List<String>,
    val throttled: List<String>, // what holds the device back now
)
