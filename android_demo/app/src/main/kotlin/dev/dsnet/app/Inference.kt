package dev.dsnet.app

import android.os.Handler
import android.os.HandlerThread
import dev.dsnet.DsnetException
import dev.dsnet.bundle.Bundle
import dev.dsnet.engine.Backend
import dev.dsnet.engine.Engine
import dev.dsnet.routing.Costs
import dev.dsnet.routing.maddsCosts
import dev.dsnet.run.Latest
import dev.dsnet.run.Recent
import dev.dsnet.run.Runner
import dev.dsnet.screen.BundleFault
import dev.dsnet.screen.EngineFault
import dev.dsnet.screen.Event
import dev.dsnet.screen.Steering
import java.io.File

/**
 * A bundle, an engine on it, and the latest frame through that, on a thread of its own. Each function but [offer] is an effect of
 * the screen; what came of it goes to `report`, on that thread.
 */
internal class Inference(private val bundles: Bundles, private val benchmarks: File, private val report: (Event) -> Unit) {
    private val thread = HandlerThread("network").apply { start() }
    private val handler = Handler(thread.looper)
    private val frames = Latest<CameraFrame>()
    private val work = Runnable { frames.poll()?.use(::run) }

    // What the HUD tells besides the prediction: the bundle opened last; of the engine opened last its costs and its frames.
    @Volatile
    var bundle: Bundle? = null
        private set

    @Volatile
    var costs: Costs? = null
        private set

    @Volatile
    var recent: Recent = Recent(0)
        private set

    // Of the thread:
    private var opened: Opened? = null
    private var steering: Steering? = null // null: no frames go through

    private class Opened(val ticket: Int, val engine: Engine, val runner: Runner)

    fun openBundle(ticket: Int, name: String?): Unit = onThread {
        bundle = null
        costs = null
        val event = try {
            bundle = if (name == null) bundles.demo() else bundles.installed(name)
            bundle?.let { Event.BundleOpened(ticket, it.manifest.paths.size) } ?: Event.BundleFailed(ticket, BundleFault.MISSING)
        } catch (error: DsnetException) {
            Event.BundleFailed(ticket, BundleFault.CORRUPT, error.message)
        } catch (error: OutOfMemoryError) {
            Event.BundleFailed(ticket, BundleFault.OUT_OF_MEMORY)
        }
        report(event)
    }

    fun openEngine(ticket: Int, backend: Backend): Unit = onThread {
        trying(ticket) {
            val bundle = bundle ?: throw DsnetException("no bundle is open; choose one")
            val threads = threads()
            val engine = opener(backend).open(bundle, threads)
            opened = Opened(ticket, engine, Runner(bundle, engine))
            costs = costs(benchmarks, bundle.manifest, backend, threads)
            recent = Recent(bundle.manifest.paths.size)
            report(Event.EngineOpened(ticket))
        }
    }

    fun closeEngine(ticket: Int): Unit = onThread {
        opened?.takeIf { it.ticket == ticket }?.engine?.close()
        opened = opened?.takeIf { it.ticket != ticket }
    }

    fun start(ticket: Int, steering: Steering): Unit = onThread { if (opened?.ticket == ticket) lead(steering) }

    fun steer(steering: Steering): Unit = onThread { if (this.steering != null) lead(steering) }

    fun stop(ticket: Int): Unit = onThread {
        if (opened?.ticket == ticket) steering = null
        frames.poll()?.close()
    }

    /** A frame for the network, from any thread; it is closed when another takes its place, or has been through. */
    fun offer(frame: CameraFrame) {
        frames.put(frame)?.close()
        handler.removeCallbacks(work)
        handler.post(work)
    }

    /** Ends the thread, after what it still has to do. */
    fun quit() {
        onThread { frames.close()?.close() }
        thread.quitSafely()
    }

    private fun lead(next: Steering) {
        val manifest = bundle?.manifest ?: return
        steering = next
        opened?.runner?.policy = policy(manifest, costs ?: maddsCosts(manifest), next)
    }

    private fun run(frame: CameraFrame) {
        val (ticket, runner) = opened?.let { it.ticket to it.runner } ?: return
        val path = (steering ?: return).path
        trying(ticket) {
            val prediction = runner.frame(frame.yuv, path)
            recent = recent.after(prediction, System.nanoTime() / 1e9)
            report(Event.Predicted(ticket, prediction))
        }
    }

    private fun trying(ticket: Int, work: () -> Unit) {
        try {
            work()
        } catch (error: DsnetException) {
            report(Event.EngineFailed(ticket, EngineFault.FAILED, error.message))
        } catch (error: OutOfMemoryError) {
            report(Event.EngineFailed(ticket, EngineFault.OUT_OF_MEMORY))
        }
    }

    private fun onThread(work: () -> Unit) {
        handler.post(work)
    }
}
