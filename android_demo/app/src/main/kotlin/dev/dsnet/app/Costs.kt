package dev.dsnet.app

import dev.dsnet.bundle.Manifest
import dev.dsnet.engine.Backend
import dev.dsnet.measure.bundleInfo
import dev.dsnet.measure.measuredCosts
import dev.dsnet.routing.CostUnit
import dev.dsnet.routing.Costs
import dev.dsnet.routing.Policy
import dev.dsnet.routing.gatePolicy
import dev.dsnet.routing.maddsCosts
import dev.dsnet.routing.sharePolicy
import dev.dsnet.screen.Steering
import java.io.File

/** What the paths cost: milliseconds where a benchmark has measured them, else multiply-adds. */
internal fun costs(benchmarks: File, manifest: Manifest, backend: Backend, threads: Int): Costs =
    measuredCosts(benchmarks, bundleInfo(manifest), backend, threads)?.let { Costs(CostUnit.MS, it.ms) } ?: maddsCosts(manifest)

/** Heat lowers the gate as it was trained too, as if its budget were the widest path. */
internal fun policy(manifest: Manifest, costs: Costs, steering: Steering): Policy {
    if (steering.budget == null && steering.heat >= 1) return gatePolicy(manifest)
    return sharePolicy(manifest, costs, steering.budget ?: 1.0, steering.heat)
}
