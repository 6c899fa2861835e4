package dev.dsnet.measure

import dev.dsnet.DsnetException
import dev.dsnet.profile.objectOf
import dev.dsnet.profile.toJson
import dev.dsnet.profile.writeWhole
import java.io.File
import org.json.JSONArray

const val STATUS_FORMAT = "dsnet-edge benchmark"
const val STATUS_VERSION = 1
const val STATUS_FILE = "status.json"
const val PROFILE_FILE = "profile.json"

/**
 * The folder of a run, `benchmarks/ID` among the app's files: what `dsnet-edge android bench` follows. Both files are always
 * whole.
 */
class RunRecord(private val folder: File) {
    /** Throws [DsnetException] where the phone is full. */
    fun keep(step: Step) {
        if (step.campaign.courses.any { it.series != null }) write(PROFILE_FILE, toJson(step.campaign.profile))
        write(STATUS_FILE, status(if (step.campaign.task == null) "finished" else "running", step.campaign, step.told))
    }

    /** That there will be no more. `campaign`: how far it came. */
    fun fail(reason: String, campaign: Campaign?) = write(STATUS_FILE, status("failed", campaign, reason))

    val profile: File get() = File(folder, PROFILE_FILE)

    private fun write(name: String, text: String) {
        val isThere = folder.isDirectory || folder.mkdirs()
        if (!isThere) throw DsnetException("$folder cannot be made; free some space and measure again")
        writeWhole(File(folder, name), text)
    }
}

private fun status(state: String, campaign: Campaign?, told: String): String = objectOf(
    "format" to STATUS_FORMAT,
    "version" to STATUS_VERSION,
    "state" to state,
    "fraction" to (campaign?.fraction ?: 0.0),
    "told" to told.take(1000),
    "lanes" to JSONArray(campaign?.courses.orEmpty().map(::lane)),
).toString()

private fun lane(course: Course) = objectOf(
    "backend" to course.lane.backend.backend,
    "threads" to course.lane.threads,
    "checked" to (course.golden != null),
    "passed" to (course.golden?.passed == true),
    "error" to (course.golden?.worst ?: 0.0),
    "tolerance" to (course.golden?.tolerance ?: 0.0),
    "blocks" to course.blocks.size,
    "troubles" to JSONArray(course.troubles.map { it.take(1000) }),
)
