package dev.dsnet.measure

import dev.dsnet.bundle.Bundle
import dev.dsnet.bundle.Manifest
import dev.dsnet.profile.BundleInfo
import dev.dsnet.profile.Conditions
import dev.dsnet.profile.DeviceInfo
import dev.dsnet.profile.Profile
import dev.dsnet.profile.Settings
import java.io.File

private const val MOST_ROUNDS = 100 // of a block: enough for its median, and for a 99th percentile of all blocks

/** A process to start next, for the lane of this index. */
data class Task(val course: Int, val job: Job)

/**
 * A whole measurement as a value: blocks of every lane in turn, in random order, until each is known well enough or has had twice
 * as many as were wanted. A slow change of the device then falls on all lanes alike.
 *
 * The first process of a lane compares with the golden outputs. A process that dies costs its lane that block; two in a row, or
 * an engine that refuses, end the lane and no other.
 */
data class Campaign(
    val bundleFolder: File,
    val header: Profile, // without series
    val paths: List<Int>,
    val courses: List<Course>,
    val turn: Int,
    val queue: List<Int>, // courses that the turn has yet to come to
    val warnings: List<String> = emptyList(),
) {
    private val settings: Settings get() = header.settings

    /** Null at the end. */
    val task: Task? get() = queue.firstOrNull()?.let { Task(it, job(courses[it])) }

    val fraction: Double get() = courses.sumOf { it.fraction(settings) } / courses.size

    /** What is known so far; complete at the end. A lane without a block appears in the warnings alone. */
    val profile: Profile
        get() = header.copy(
            complete = queue.isEmpty(),
            series = courses.mapNotNull { it.series },
            warnings = courses.filter { it.series == null }.flatMap(Course::told) + warnings,
        )

    /** `conditions`: before, during and after the process of [task]. */
    fun after(task: Task, outcome: Outcome, conditions: List<Conditions>): Campaign {
        val known = courses.toMutableList()
        known[task.course] = known[task.course].after(outcome, conditions, header.device, settings)
        return copy(courses = known, queue = queue.drop(1)).refilled()
    }

    /** With the next turn, where this one is over. */
    internal fun refilled(): Campaign {
        if (queue.isNotEmpty()) return this
        val open = courses.indices.filter { courses[it].needsMore(settings) }
        return copy(turn = turn + 1, queue = shuffled(open.size, settings.seed, turn).map(open::get))
    }

    private fun job(course: Course): Job {
        val lane = course.lane
        if (course.golden == null) return CheckJob(bundleFolder, lane.backend, lane.threads)
        val seed = settings.seed * 1000 + course.tried
        return BlockJob(bundleFolder, lane.backend, lane.threads, paths, settings.blockS, MOST_ROUNDS, seed)
    }
}

/** Before anything is measured, of every path of `bundle`. */
fun campaign(bundle: Bundle, device: DeviceInfo, lanes: List<Lane>, settings: Settings, created: String, tool: String): Campaign {
    val header = Profile(created, tool, false, device, bundleInfo(bundle.manifest), settings, emptyList())
    val paths = bundle.manifest.paths.indices.toList()
    return Campaign(bundle.folder, header, paths, lanes.map { Course(it) }, 0, emptyList()).refilled()
}

fun bundleInfo(manifest: Manifest): BundleInfo = BundleInfo(
    name = manifest.name,
    precision = manifest.precision,
    sha256 = manifest.sha256,
    height = manifest.input.height,
    width = manifest.input.width,
    choices = manifest.paths.map { it.choice },
    madds = manifest.paths.map { it.madds },
)
