package dev.dsnet.app

import android.os.Handler

private const val EVERY_MS = 1000L

/** Calls `tick` every second between [start] and [stop], on the thread of `handler`. */
internal class Ticker(private val handler: Handler, private val tick: () -> Unit) {
    private val work = object : Runnable {
        override fun run() {
            tick()
            handler.postDelayed(this, EVERY_MS)
        }
    }

    fun start() {
        stop()
        handler.post(work)
    }

    fun stop(): Unit = handler.removeCallbacks(work)
}
