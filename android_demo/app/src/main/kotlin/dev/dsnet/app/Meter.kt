package dev.dsnet.app

import android.content.Context
import android.os.Handler
import dev.dsnet.DsnetException
import dev.dsnet.energy.BatterySample
import dev.dsnet.energy.LIVE_SOURCE
import dev.dsnet.energy.RailSample
import dev.dsnet.energy.latest
import dev.dsnet.energy.liveMj
import dev.dsnet.energy.railsAccount
import dev.dsnet.hud.Energy

private const val SPAN_MS = 20_000L
private const val FEWEST = 5 // samples of rails

/** What a frame costs: by the processor's own meters where the phone has them, else by its battery. On the handler's thread. */
internal class Meter(context: Context, handler: Handler) {
    private val battery = Battery(context)
    private val rails = rails(context, handler)
    private var batterySamples: List<BatterySample> = emptyList()
    private var railSamples: List<RailSample> = emptyList()

    /** To be called every second. `framesPerSecond`: null while none go through the network. */
    fun tick(framesPerSecond: Double?): Energy {
        batterySamples = latest(batterySamples, battery.read(System.nanoTime() / 1e9))
        rails?.read { sample ->
            railSamples = railSamples.filter { it.atMs < sample.atMs && sample.atMs - it.atMs <= SPAN_MS } + sample
        }
        if (framesPerSecond == null) return Energy.Unknown("no frames")
        return try {
            byRails(framesPerSecond) ?: Energy.Known(liveMj(batterySamples, framesPerSecond), LIVE_SOURCE)
        } catch (error: DsnetException) {
            Energy.Unknown(error.message.orEmpty().removePrefix("battery: "))
        }
    }

    private fun byRails(framesPerSecond: Double): Energy? {
        val names = rails?.names.orEmpty()
        if (names.isEmpty() || railSamples.size < FEWEST || framesPerSecond <= 0) return null
        val account = railsAccount(railSamples, names)
        val seconds = account.atS.last() - account.atS.first()
        return if (seconds > 0) Energy.Known(1000 * account.joules.last() / seconds / framesPerSecond, "processor") else null
    }
}
