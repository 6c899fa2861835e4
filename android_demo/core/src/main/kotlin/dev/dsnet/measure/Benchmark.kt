package dev.dsnet.measure

import dev.dsnet.DsnetException
import dev.dsnet.bundle.Bundle
import dev.dsnet.profile.DeviceInfo
import java.text.SimpleDateFormat
import java.util.Date
import java.util.Locale
import java.util.TimeZone

/** Measures what is asked for and keeps every step, for whoever looks on by `tell` or from outside the app. */
class Benchmark(private val bench: Bench, private val tool: String, private val device: () -> DeviceInfo) {
    /**
     * Blocks the thread for minutes. `open`: the bundle of that name. Throws [DsnetException], which is in the record as well,
     * and [InterruptedException] where it was stopped.
     */
    fun run(request: Request, record: RunRecord, open: (String?) -> Bundle, tell: (Step) -> Unit): Campaign {
        var reached: Campaign? = null
        try {
            val begun = campaign(open(request.bundle), device(), request.lanes, request.settings, utcNow(), tool)
            return measure(begun, bench) { step ->
                reached = step.campaign
                record.keep(step)
                tell(step)
            }
        } catch (error: DsnetException) {
            record.fail(error.message ?: "it failed without a reason", reached)
            throw error
        } catch (error: InterruptedException) {
            record.fail("it was stopped on the phone", reached)
            throw error
        }
    }
}

private fun utcNow(): String {
    val format = SimpleDateFormat("yyyy-MM-dd'T'HH:mm:ss", Locale.ROOT)
    format.timeZone = TimeZone.getTimeZone("UTC")
    return format.format(Date()) + "+00:00"
}
