package dev.dsnet.measure

import dev.dsnet.bundle.Bundle
import dev.dsnet.engine.Backend
import dev.dsnet.engine.EngineOpener
import dev.dsnet.sliced.SlicedRuntime
import java.io.File
import java.util.concurrent.TimeUnit

/** Engines of this JVM: `sliced`, the real one; else `recorded`, or `recorded:FAULT`. */
fun openersOf(engine: String): Map<Backend, EngineOpener> {
    if (engine == "sliced") return mapOf(Backend.SLICED to SlicedRuntime)
    val fault = Fault.valueOf(engine.substringAfter(':', "NONE"))
    return Backend.values().associateWith { recorded(it, fault) }
}

fun uptimeS(): Double = System.nanoTime() / 1e9 // CLOCK_MONOTONIC, which all processes share

/** The process of a job: `JobMain ENGINE ANSWER JOB`. */
object JobMain {
    @JvmStatic
    fun main(arguments: Array<String>) {
        val (engine, answer, job) = arguments
        val files = SystemFiles()
        val text = answerJob(job, Bundle::open, openersOf(engine), Machine(::uptimeS) { resident(files) })
        File(answer).writeText(text)
    }
}

/** A fresh JVM for every job. */
class JvmWorker(engine: String, job: Job) : Worker {
    private val answer = File.createTempFile("answer", ".json")
    private val process = ProcessBuilder(
        File(System.getProperty("java.home"), "bin/java").path,
        "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto",
        "-Djava.library.path=${System.getProperty("java.library.path")}",
        "-cp", System.getProperty("java.class.path"),
        JobMain::class.java.name, engine, answer.path, jobText(job),
    ).inheritIO().start()

    override fun await(seconds: Double): Ending? {
        if (!process.waitFor((seconds * 1000).toLong(), TimeUnit.MILLISECONDS)) return null
        val code = process.exitValue()
        return if (code == 0) Ending.Said(answer.readText()) else Ending.Died("ended with exit code $code")
    }

    override fun close() {
        process.destroyForcibly().waitFor()
        answer.delete()
    }
}

fun jvmBench(engine: String, limitS: Double = 600.0): Bench {
    val files = SystemFiles()
    return Bench(
        conditions = { readConditions(files, uptimeS(), PhoneState()) },
        start = { JvmWorker(engine, it) },
        rest = { Thread.sleep((it * 1000).toLong()) },
        limitS = limitS,
    )
}

/** A whole benchmark as the app runs it: `BenchmarkMain ENGINE BUNDLES RUNS NAME=VALUE...`; exit code 1 where it failed. */
object BenchmarkMain {
    @JvmStatic
    fun main(arguments: Array<String>) {
        val (engine, bundles, runs) = arguments
        val request = readRequest(arguments.drop(3).associate { it.substringBefore('=') to it.substringAfter('=') })
        val names = PhoneNames("JVM of the tests", "", "Android 15", "Linux 6", "test/fingerprint", System.getProperty("os.arch"))
        val benchmark = Benchmark(jvmBench(engine), "dsnet-edge 0.0.0, app", { describeDevice(SystemFiles(), names) })
        val open = { name: String? -> Bundle.open(File(bundles, name ?: "demo")) }
        val record = RunRecord(File(runs, request.id))
        benchmark.run(request, record, open) { println("%.2f %s".format(it.campaign.fraction, it.told)) }
    }
}
