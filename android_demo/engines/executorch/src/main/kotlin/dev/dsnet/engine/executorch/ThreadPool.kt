package dev.dsnet.engine.executorch

import dev.dsnet.engine.EngineException

/**
 * ExecuTorch has one thread pool a process. `Module.load` exchanges it where it is given another number of threads, and that hangs
 * the next call of a method which is loaded already. So engines that are open at the same time must agree.
 */
internal object ThreadPool {
    private var threads = 0
    private var engines = 0

    @Synchronized
    fun join(threads: Int) {
        if (threads < 1) throw EngineException("$threads threads, expected 1 or more")
        if (engines > 0 && threads != this.threads) {
            throw EngineException(
                "ExecuTorch has one thread pool a process, and an open engine uses ${this.threads} threads, this one asks for " +
                    "$threads; close that one first",
            )
        }
        this.threads = threads
        engines++
    }

    @Synchronized
    fun leave() {
        engines--
    }
}
