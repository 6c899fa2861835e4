package dev.dsnet.profile

import org.json.JSONArray
import org.json.JSONObject

const val PROFILE_FORMAT = "dsnet-edge profile"
const val PROFILE_VERSION = 1

/** The file that `dsnet-edge report` and `compare` read, without a line break at its end. */
fun toJson(profile: Profile): String = objectOf(
    "format" to PROFILE_FORMAT,
    "version" to PROFILE_VERSION,
    "created" to profile.created,
    "tool" to profile.tool,
    "complete" to profile.complete,
    "device" to device(profile.device),
    "bundle" to bundle(profile.bundle),
    "settings" to settings(profile.settings),
    "series" to JSONArray(profile.series.map(::series)),
    "preprocess_ms" to JSONObject.NULL,
    "energy" to JSONObject.NULL,
    "layers" to JSONObject.NULL,
    "warnings" to texts(profile.warnings),
).toString()

private const val LONGEST_TEXT = 1000 // characters, by the schema

/** A list keeps the order of its entries, which an [JSONObject] of org.json keeps as well. */
internal fun objectOf(vararg entries: Pair<String, Any>): JSONObject =
    JSONObject().apply { for ((name, value) in entries) put(name, value) }

private fun device(device: DeviceInfo) = objectOf(
    "kind" to device.kind,
    "name" to text(device.name),
    "cpu" to text(device.cpu),
    "architecture" to text(device.architecture),
    "cores" to JSONArray(device.cores.map(::core)),
    "ram_bytes" to device.ramBytes,
    "system" to text(device.system),
    "kernel" to text(device.kernel),
    "firmware" to text(device.firmware),
    "soc" to text(device.soc),
)

private fun core(core: Core) = objectOf(
    "number" to core.number,
    "max_mhz" to core.maxMhz,
    "capacity" to core.capacity,
    "part" to core.part,
    "big" to core.big,
)

private fun bundle(bundle: BundleInfo) = objectOf(
    "name" to bundle.name,
    "precision" to bundle.precision,
    "sha256" to bundle.sha256,
    "height" to bundle.height,
    "width" to bundle.width,
    "choices" to JSONArray(bundle.choices),
    "madds" to JSONArray(bundle.madds),
)

private fun settings(settings: Settings) = objectOf(
    "seed" to settings.seed,
    "blocks" to settings.blocks,
    "block_s" to settings.blockS,
    "noise" to settings.noise,
)

private fun series(series: Series) = objectOf(
    "backend" to series.backend,
    "threads" to series.threads,
    "cores" to JSONArray(), // Android chooses them
    "runtime" to text(series.runtime),
    "verdict" to series.verdict.word,
    "warnings" to texts(series.warnings),
    "anonymous_bytes" to series.anonymousBytes,
    "file_bytes" to series.fileBytes,
    "open_ms" to summary(series.openMs),
    "first_run_ms" to summary(series.firstRunMs),
    "prefix_ms" to summary(series.prefixMs),
    "gate_ms" to summary(series.gateMs),
    "paths" to JSONArray(series.paths.map(::pathTime)),
    "blocks" to JSONArray(series.blocks.map(::block)),
)

private fun summary(summary: Summary) = objectOf(
    "runs" to summary.runs,
    "median" to summary.median,
    "low" to summary.low,
    "high" to summary.high,
    "p90" to summary.p90,
    "p99" to summary.p99,
    "min" to summary.min,
)

private fun pathTime(time: PathTime) =
    objectOf("path" to time.path, "suffix_ms" to summary(time.suffixMs), "total_ms" to summary(time.totalMs))

private fun block(block: Block) = objectOf(
    "number" to block.number,
    "kept" to block.kept,
    "reason" to text(block.reason),
    "seconds" to block.seconds,
    "open_ms" to block.openMs,
    "first_run_ms" to block.firstRunMs,
    "prefix_ms" to JSONArray(block.prefixMs),
    "gate_ms" to JSONArray(block.gateMs),
    "paths" to JSONArray(block.paths.map(::pathSamples)),
    "conditions" to JSONArray(block.conditions.map(::conditions)),
)

internal fun pathSamples(samples: PathSamples): JSONObject = objectOf(
    "path" to samples.path,
    "suffix_ms" to JSONArray(samples.suffixMs),
    "total_ms" to JSONArray(samples.totalMs),
)

private fun conditions(state: Conditions) = objectOf(
    "uptime_s" to state.uptimeS,
    "load" to state.load,
    "celsius" to JSONObject(state.celsius),
    "mhz" to JSONArray(state.mhz),
    "governors" to texts(state.governors),
    "throttled" to texts(state.throttled),
    "throttle_events" to 0,
)

private fun texts(texts: List<String>) = JSONArray(texts.map(::text))

private fun text(text: String): String = text.take(LONGEST_TEXT)
