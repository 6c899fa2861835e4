package dev.dsnet.measure

import dev.dsnet.DsnetException
import dev.dsnet.bundle.Bundle
import dev.dsnet.engine.Backend
import dev.dsnet.engine.EngineOpener
import java.io.File

/**
 * The whole work of a fresh process: from the text of a job to the text of an answer. `openers`: engines of this build.
 *
 * Errors of Java's own that come of too little memory or of a missing library end in an answer as well; what ends the process
 * itself is for the one that started it to notice.
 */
fun answerJob(text: String, open: (File) -> Bundle, openers: Map<Backend, EngineOpener>, machine: Machine): String = answerText(
    try {
        val job = readJob(text)
        val opener = openers[job.backend] ?: throw DsnetException("${job.backend.title} is not in this build")
        val bundle = open(job.bundle)
        when (job) {
            is CheckJob -> checkGolden(job, bundle, opener)
            is BlockJob -> runBlock(job, bundle, opener, machine)
        }
    } catch (error: DsnetException) {
        Refused(error.message ?: "it failed without a reason")
    } catch (error: OutOfMemoryError) {
        Refused("out of memory; close other apps and measure fewer paths or engines at a time")
    } catch (error: LinkageError) {
        Refused("a library is missing or broken (${error.message})")
    },
)
