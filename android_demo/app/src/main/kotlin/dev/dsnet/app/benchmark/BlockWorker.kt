package dev.dsnet.app.benchmark

import android.content.ComponentName
import android.content.Context
import android.content.Intent
import android.content.ServiceConnection
import android.os.IBinder
import android.os.Message
import android.os.Messenger
import android.os.RemoteException
import dev.dsnet.measure.Ending
import dev.dsnet.measure.Job
import dev.dsnet.measure.Worker
import dev.dsnet.measure.jobText
import java.io.File
import java.io.IOException
import java.util.concurrent.Semaphore
import java.util.concurrent.TimeUnit

private const val GONE_S = 10.0

/** A [BlockService] at work on `job`. */
internal class BlockWorker(private val context: Context, private val job: Job) : Worker, ServiceConnection {
    private val answer = File(context.cacheDir, "answer-${System.nanoTime()}.json")
    private val gone = Semaphore(0) // a permit for each sign that the process has ended

    @Volatile private var service: Messenger? = null
    private val isBound = context.bindService(Intent(context, BlockService::class.java), this, FLAGS)

    override fun onServiceConnected(name: ComponentName?, binder: IBinder?) {
        if (service != null) return // the system has started it anew, and nobody needs it
        service = Messenger(binder).also { send(it, BlockService.work(jobText(job), answer)) }
    }

    override fun onServiceDisconnected(name: ComponentName?) = gone.release()

    override fun await(seconds: Double): Ending? {
        if (!isBound) return Ending.Died("could not be started; install the app again")
        if (!isGone(seconds)) return null
        return try {
            if (answer.isFile) Ending.Said(answer.readText()) else Ending.Died(howBlockDied(context))
        } catch (error: IOException) {
            Ending.Died("left an answer that cannot be read (${error.message})")
        }
    }

    override fun close() {
        val wasInterrupted = Thread.interrupted() // the process must go all the same
        service?.let { send(it, BlockService.stop()) }
        if (service != null) isGone(GONE_S)
        context.unbindService(this)
        answer.delete()
        if (wasInterrupted) Thread.currentThread().interrupt()
    }

    /** After at most these seconds. */
    private fun isGone(seconds: Double): Boolean =
        gone.tryAcquire((seconds * 1000).toLong(), TimeUnit.MILLISECONDS).also { if (it) gone.release() }

    /** A process that is gone cannot be told anything, and does not have to be. */
    private fun send(to: Messenger, message: Message) = try {
        to.send(message)
    } catch (_: RemoteException) {
        gone.release()
    }

    private companion object {
        const val FLAGS = Context.BIND_AUTO_CREATE or Context.BIND_IMPORTANT
    }
}
