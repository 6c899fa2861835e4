package dev.dsnet.app.benchmark

import android.app.Service
import android.content.Intent
import android.os.Bundle as Values
import android.os.Handler
import android.os.IBinder
import android.os.Looper
import android.os.Message
import android.os.Messenger
import android.os.Process
import android.os.SystemClock
import dev.dsnet.DsnetException
import dev.dsnet.app.opener
import dev.dsnet.bundle.Bundle
import dev.dsnet.engine.Backend
import dev.dsnet.measure.Machine
import dev.dsnet.measure.SystemFiles
import dev.dsnet.measure.answerJob
import dev.dsnet.measure.resident
import dev.dsnet.profile.writeWhole
import java.io.File
import kotlin.concurrent.thread

/**
 * Does one job in a process of its own (`android:process`) and ends that process, so that the next job gets a fresh one. What
 * kills the process does not reach the app. The answer is a file that is there, and whole, or not.
 */
class BlockService : Service() {
    override fun onBind(intent: Intent?): IBinder = Messenger(Handler(Looper.getMainLooper(), ::handle)).binder

    private fun handle(message: Message): Boolean {
        if (message.what == STOP) Process.killProcess(Process.myPid())
        val job = message.data.getString(JOB) ?: return false
        val answer = message.data.getString(ANSWER) ?: return false
        thread(name = "block") { work(job, File(answer)) }
        return true
    }

    private fun work(job: String, answer: File) {
        val files = SystemFiles()
        val text = answerJob(job, Bundle::open, Backend.values().associateWith(::opener), Machine(::uptimeS) { resident(files) })
        try {
            writeWhole(answer, text)
        } catch (_: DsnetException) {
            // The phone is full: whoever asked finds no answer.
        }
        Process.killProcess(Process.myPid())
    }

    internal companion object {
        private const val WORK = 1
        private const val STOP = 2
        private const val JOB = "job"
        private const val ANSWER = "answer"

        fun work(job: String, answer: File): Message = Message.obtain(null, WORK).apply {
            data = Values().apply {
                putString(JOB, job)
                putString(ANSWER, answer.path)
            }
        }

        fun stop(): Message = Message.obtain(null, STOP)
    }
}

/** Of the clock that goes on while the phone sleeps and never jumps; all processes read the same. */
internal fun uptimeS(): Double = SystemClock.elapsedRealtimeNanos() / 1e9
