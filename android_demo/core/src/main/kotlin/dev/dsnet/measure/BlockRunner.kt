package dev.dsnet.measure

import dev.dsnet.bundle.Bundle
import dev.dsnet.bundle.golden
import dev.dsnet.engine.Engine
import dev.dsnet.engine.EngineOpener
import dev.dsnet.profile.PathSamples
import java.io.File

const val WARM_UP_ROUNDS = 2
const val LEAST_ROUNDS = 3

/** The process and its clock. `uptimeS`: seconds of the clock that conditions are read by. */
class Machine(val uptimeS: () -> Double, val resident: () -> Resident)

/**
 * One block, in this process, which should be a fresh one: open, run once, warm up, then rounds of every path in random order,
 * one timed inference each. The inference before a timed one took another path, as it may in use. Throws
 * [dev.dsnet.DsnetException].
 */
fun runBlock(job: BlockJob, bundle: Bundle, opener: EngineOpener, machine: Machine): RawBlock {
    val golden = bundle.golden(job.backend).images
    val images = List(golden.shape[0]) { golden[it] }
    val trusted = bundle.trusted() // the check job has read every byte
    warmPageCache(bundle)
    val before = machine.resident()
    val start = System.nanoTime()
    return opener.open(trusted, job.threads).use { engine ->
        val opened = System.nanoTime()
        engine.show(images[0])
        val begun = System.nanoTime()
        engine.prefix()
        engine.suffix(indexOfLargest(engine.gate()))
        val ran = System.nanoTime()
        repeat(WARM_UP_ROUNDS) { job.paths.forEach { infer(engine, it) } }
        val after = machine.resident()
        val begin = machine.uptimeS()
        val rounds = timedRounds(engine, images, job, machine.uptimeS)
        RawBlock(
            runtime = engine.runtime,
            beginUptimeS = begin,
            endUptimeS = machine.uptimeS(),
            openMs = (opened - start) / 1e6,
            firstRunMs = (ran - begun) / 1e6,
            anonymousBytes = (after.anonymousBytes - before.anonymousBytes).coerceAtLeast(0),
            fileBytes = (after.fileBytes - before.fileBytes).coerceAtLeast(0),
            prefixMs = rounds.flatMap { round -> round.map { it.prefixNs / 1e6 } },
            gateMs = rounds.flatMap { round -> round.map { it.gateNs / 1e6 } },
            paths = job.paths.mapIndexed { index, path ->
                PathSamples(path, rounds.map { it[index].suffixNs / 1e6 }, rounds.map { it[index].totalNs / 1e6 })
            },
        )
    }
}

private class Stages(val prefixNs: Long, val gateNs: Long, val suffixNs: Long) {
    val totalNs: Long get() = prefixNs + gateNs + suffixNs
}

/** Of every round the stages by path, in the order of `job.paths`. */
private fun timedRounds(engine: Engine, images: List<FloatArray>, job: BlockJob, uptimeS: () -> Double): List<List<Stages>> {
    val end = uptimeS() + job.seconds
    val rounds = ArrayList<List<Stages>>()
    while (rounds.size < LEAST_ROUNDS || (rounds.size < job.rounds && uptimeS() < end)) {
        engine.show(images[rounds.size % images.size])
        val timed = arrayOfNulls<Stages>(job.paths.size)
        for (index in shuffled(job.paths.size, job.seed, rounds.size)) timed[index] = infer(engine, job.paths[index])
        rounds += timed.filterNotNull()
    }
    return rounds
}

private fun infer(engine: Engine, path: Int): Stages {
    val start = System.nanoTime()
    engine.prefix()
    val features = System.nanoTime()
    engine.gate()
    val scored = System.nanoTime()
    engine.suffix(path)
    return Stages(features - start, scored - features, System.nanoTime() - scored)
}

private fun warmPageCache(bundle: Bundle) {
    val buffer = ByteArray(1 shl 16)
    for (name in bundle.manifest.files.keys) {
        File(bundle.folder, name).inputStream().use { stream ->
            do { val read = stream.read(buffer) } while (read >= 0)
        }
    }
}

internal fun Engine.show(picture: FloatArray) {
    image.clear()
    image.put(picture)
    image.clear()
}
