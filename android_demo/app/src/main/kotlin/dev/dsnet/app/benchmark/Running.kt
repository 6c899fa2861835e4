package dev.dsnet.app.benchmark

import android.content.Context
import android.os.Handler
import android.os.Looper
import dev.dsnet.DsnetException
import dev.dsnet.app.Bundles
import dev.dsnet.bundle.Bundle
import dev.dsnet.measure.Benchmark
import dev.dsnet.measure.Campaign
import dev.dsnet.measure.Request
import dev.dsnet.measure.RunRecord
import dev.dsnet.measure.Step
import dev.dsnet.measure.SystemFiles
import dev.dsnet.measure.describeDevice
import java.io.File
import kotlin.concurrent.thread

/** How far the benchmark is. */
internal sealed interface Progress {
    object Idle : Progress

    data class Going(val step: Step) : Progress

    data class Done(val run: String, val campaign: Campaign) : Progress

    data class Failed(val message: String) : Progress
}

/** The one benchmark of the app. It outlives an activity that is made anew. All of it belongs to the main thread. */
internal object Running {
    var progress: Progress = Progress.Idle
        private set
    var listener: ((Progress) -> Unit)? = null

    private val handler = Handler(Looper.getMainLooper())
    private var worker: Thread? = null

    val isGoing: Boolean get() = worker != null

    fun start(context: Context, request: Request) {
        stop()
        worker = thread(name = "benchmark") { work(context.applicationContext, request, Thread.currentThread()) }
    }

    /** Ends the process that is measuring, too. */
    fun stop() {
        if (worker == null) return
        worker?.interrupt()
        worker = null
        show(Progress.Idle)
    }

    private fun work(context: Context, request: Request, self: Thread) {
        val folder = File(context.filesDir, "benchmarks/${request.id}")
        val benchmark = Benchmark(bench(context), toolName(context)) { describeDevice(SystemFiles(), phoneNames()) }
        val last = try {
            val campaign = benchmark.run(request, RunRecord(folder), { open(context, it) }) { post(self, Progress.Going(it)) }
            Progress.Done(request.id, campaign)
        } catch (error: DsnetException) {
            Progress.Failed(error.message.orEmpty())
        } catch (_: InterruptedException) {
            Progress.Idle
        }
        post(self, last)
    }

    private fun open(context: Context, name: String?): Bundle {
        val bundles = Bundles(context)
        if (name == null) return bundles.demo()
        return bundles.installed(name)
            ?: throw DsnetException("the app has no bundle $name; put one there with: dsnet-edge android install BUNDLE")
    }

    /** A run that was stopped has nothing more to say. */
    private fun post(from: Thread, next: Progress) {
        handler.post {
            if (worker !== from) return@post
            if (next !is Progress.Going) worker = null
            show(next)
        }
    }

    private fun show(next: Progress) {
        progress = next
        listener?.invoke(next)
    }
}

private fun toolName(context: Context): String {
    val version = context.packageManager.getPackageInfo(context.packageName, 0).versionName ?: "of no version"
    return "dsnet-edge $version, Android app"
}
