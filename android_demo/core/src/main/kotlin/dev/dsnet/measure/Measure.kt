package dev.dsnet.measure

import dev.dsnet.DsnetException
import dev.dsnet.profile.Conditions

private const val WATCH_S = 1.0 // between readings during a block
private const val PATIENCE_S = 180.0 // for a hot device to cool
private const val LOOK_S = 5.0
private const val LIMIT_S = 600.0 // for opening and packing, the golden check, emulators

/** One fresh process at work on a job. Closing ends it, and waits until it is gone. */
interface Worker : AutoCloseable {
    /** How it ended, or null if it has not within `seconds`. Throws [InterruptedException]. */
    fun await(seconds: Double): Ending?

    override fun close()
}

/** Of a [Worker]. */
sealed interface Ending {
    /** With this text of an answer. */
    data class Said(val text: String) : Ending

    data class Died(val how: String) : Ending
}

/**
 * The device as the measuring loop needs it. `rest` sleeps these seconds; a process may take `limitS` and three times its block.
 * All of them throw [InterruptedException].
 */
class Bench(
    val conditions: () -> Conditions,
    val start: (Job) -> Worker,
    val rest: (Double) -> Unit,
    val limitS: Double = LIMIT_S,
)

/** What to show after a block, or before a wait. `told` is empty where there is nothing to say. */
data class Step(val campaign: Campaign, val told: String = "")

/** Runs a campaign to its end; blocks the thread for minutes. An interrupt ends the process that is running and then throws. */
fun measure(begun: Campaign, bench: Bench, tell: (Step) -> Unit): Campaign {
    val first = bench.conditions()
    var campaign = begun
    tell(Step(campaign))
    while (true) {
        val task = campaign.task ?: break
        val before = cooled(bench) { tell(Step(campaign, it)) }
        val (outcome, during) = run(task.job, bench)
        campaign = campaign.after(task, outcome, listOf(before) + during + bench.conditions())
        if (campaign.task == null) campaign = campaign.copy(warnings = warnings(first, bench.conditions()))
        tell(Step(campaign, toldOf(campaign.courses[task.course], outcome)))
    }
    return campaign
}

/** The conditions once the device is cool, or after some minutes whatever they are. */
private fun cooled(bench: Bench, tell: (String) -> Unit): Conditions {
    var waited = 0.0
    while (true) {
        val conditions = bench.conditions()
        val why = whyWait(conditions)
        if (why.isEmpty() || waited >= PATIENCE_S) return conditions
        tell("waiting: $why")
        bench.rest(LOOK_S)
        waited += LOOK_S
    }
}

/** With the conditions during the timed rounds. */
private fun run(job: Job, bench: Bench): Pair<Outcome, List<Conditions>> {
    val during = ArrayList<Conditions>()
    val limitS = bench.limitS + 3 * ((job as? BlockJob)?.seconds ?: 0.0)
    val outcome = bench.start(job).use { worker ->
        var ending: Ending? = null
        var waited = 0.0
        while (ending == null && waited < limitS) {
            ending = worker.await(WATCH_S)
            waited += WATCH_S
            if (ending == null) during += bench.conditions()
        }
        outcome(ending, job, limitS)
    }
    val block = (outcome as? Outcome.Answered)?.answer as? RawBlock
    return outcome to during.filter { block != null && it.uptimeS in block.beginUptimeS..block.endUptimeS }
}

private fun outcome(ending: Ending?, job: Job, limitS: Double): Outcome = when (ending) {
    null -> Outcome.Died("did not end within ${limitS.toInt()} s")
    is Ending.Died -> Outcome.Died(ending.how)
    is Ending.Said -> try {
        Outcome.Answered(readAnswer(ending.text, job))
    } catch (error: DsnetException) {
        Outcome.Died("broke: ${error.message}")
    }
}

private fun toldOf(course: Course, outcome: Outcome): String {
    val isBlock = outcome is Outcome.Answered && outcome.answer is RawBlock
    val reason = course.blocks.lastOrNull()?.reason.orEmpty()
    return when {
        isBlock -> if (reason.isEmpty()) "" else "${course.lane}: block left out, $reason"
        else -> course.told.lastOrNull().orEmpty()
    }
}
