package dev.dsnet.run

import java.util.concurrent.locks.ReentrantLock
import kotlin.concurrent.withLock

/**
 * Hands the latest value from one thread to another: one that is not taken in time is replaced by the next.
 *
 * Values that hold something, such as a camera's buffer, are never lost: whoever puts or closes gets back what nobody will take.
 */
class Latest<T : Any> {
    private val lock = ReentrantLock()
    private val changed = lock.newCondition()
    private var value: T? = null
    private var closed = false

    /** The value that this one replaces; this one itself once closed. */
    fun put(value: T): T? = lock.withLock {
        if (closed) return value
        changed.signal()
        this.value.also { this.value = value }
    }

    /** Waits for a value; null once closed. Throws InterruptedException. */
    fun take(): T? = lock.withLock {
        while (value == null && !closed) changed.await()
        value.also { value = null }
    }

    /** The value, if there is one now. */
    fun poll(): T? = lock.withLock { value.also { value = null } }

    /** From now on nothing is taken any more. The value that nobody took, if any. */
    fun close(): T? = lock.withLock {
        closed = true
        changed.signalAll()
        value.also { value = null }
    }
}
