package dev.dsnet.measure

import dev.dsnet.DsnetException
import dev.dsnet.engine.Backend
import dev.dsnet.profile.BundleInfo
import dev.dsnet.profile.PathCosts
import dev.dsnet.profile.Verdict
import dev.dsnet.profile.readPathCosts
import java.io.File

/**
 * What the paths cost by the latest of the benchmarks (a folder each in `benchmarks`) that measured this network, this engine
 * and as many threads well enough: the widest path above the slimmest. Null where none did.
 */
fun measuredCosts(benchmarks: File, bundle: BundleInfo, backend: Backend, threads: Int): PathCosts? =
    benchmarks.listFiles().orEmpty().map { File(it, PROFILE_FILE) }.filter { it.isFile }
        .sortedByDescending { it.lastModified() }
        .mapNotNull { costsOf(it, bundle, backend, threads) }
        .firstOrNull()

/** Null where the profile is of something else, or says too little. */
private fun costsOf(profile: File, bundle: BundleInfo, backend: Backend, threads: Int): PathCosts? = try {
    readPathCosts(profile, bundle, backend.backend, threads)
        .takeIf { (it.verdict == Verdict.STEADY || it.verdict == Verdict.NOISY) && it.ms.first() < it.ms.last() }
} catch (error: DsnetException) {
    null
}
