package dev.dsnet.app

import dev.dsnet.DsnetException
import dev.dsnet.bundle.Manifest
import dev.dsnet.engine.Backend
import dev.dsnet.measure.PROFILE_FILE
import dev.dsnet.measure.bundleInfo
import dev.dsnet.profile.PathCosts
import dev.dsnet.profile.Verdict
import dev.dsnet.profile.readPathCosts
import dev.dsnet.routing.CostUnit
import dev.dsnet.routing.Costs
import dev.dsnet.routing.Policy
import dev.dsnet.routing.gatePolicy
import dev.dsnet.routing.maddsCosts
import dev.dsnet.routing.sharePolicy
import dev.dsnet.screen.Steering
import java.io.File

/**
 * What the paths cost: milliseconds by the latest of the app's benchmarks (a folder each in `benchmarks`) that measured this
 * network, this engine and as many threads; else multiply-adds.
 */
internal fun costs(benchmarks: File, manifest: Manifest, backend: Backend, threads: Int): Costs {
    val profiles = benchmarks.listFiles().orEmpty().map { File(it, PROFILE_FILE) }.filter { it.isFile }
    val measured = profiles.sortedByDescending { it.lastModified() }.mapNotNull { measured(it, manifest, backend, threads) }
    return measured.firstOrNull()?.let { Costs(CostUnit.MS, it.ms) } ?: maddsCosts(manifest)
}

/** Null where the profile is of something else, or says too little. */
private fun measured(profile: File, manifest: Manifest, backend: Backend, threads: Int): PathCosts? = try {
    readPathCosts(profile, bundleInfo(manifest), backend.backend, threads)
        .takeIf { (it.verdict == Verdict.STEADY || it.verdict == Verdict.NOISY) && it.ms.first() < it.ms.last() }
} catch (error: DsnetException) {
    null
}

/** Heat lowers the gate as it was trained too, as if its budget were the widest path. */
internal fun policy(manifest: Manifest, costs: Costs, steering: Steering): Policy {
    if (steering.budget == null && steering.heat >= 1) return gatePolicy(manifest)
    return sharePolicy(manifest, costs, steering.budget ?: 1.0, steering.heat)
}
