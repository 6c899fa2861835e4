package dev.dsnet.app

import android.content.Context
import android.os.Build
import android.os.Handler
import android.os.OutcomeReceiver
import android.os.PowerMonitor
import android.os.PowerMonitorReadings
import android.os.health.SystemHealthManager
import dev.dsnet.energy.RailSample
import dev.dsnet.energy.processorRails

/** Tells the processor's energy, later and on the handler's thread. `names`: of its rails; empty until the phone has told. */
internal interface Rails {
    val names: List<String>

    fun read(onSample: (RailSample) -> Unit)
}

/** Android 15's power monitors; null before that. */
internal fun rails(context: Context, handler: Handler): Rails? =
    if (Build.VERSION.SDK_INT >= 35) Monitors(context, handler) else null

private class Monitors(context: Context, private val handler: Handler) : Rails {
    private val manager = context.getSystemService(SystemHealthManager::class.java)
    private var monitors: List<PowerMonitor> = emptyList() // until the system has answered

    override val names: List<String> get() = monitors.map { it.name }

    init {
        if (Build.VERSION.SDK_INT >= 35) {
            manager.getSupportedPowerMonitors({ handler.post(it) }) { found ->
                val wanted = processorRails(found.map { it.name })
                monitors = found.filter { it.name in wanted }
            }
        }
    }

    override fun read(onSample: (RailSample) -> Unit) {
        if (Build.VERSION.SDK_INT < 35 || monitors.isEmpty()) return
        val asked = monitors
        manager.getPowerMonitorReadings(
            asked, { handler.post(it) },
            object : OutcomeReceiver<PowerMonitorReadings, RuntimeException> {
                override fun onResult(readings: PowerMonitorReadings) {
                    val energies = asked.associate { it.name to readings.getConsumedEnergy(it) }
                    onSample(RailSample(asked.minOf { readings.getTimestampMillis(it) }, energies))
                }

                override fun onError(error: RuntimeException): Unit = Unit // the samples that lack say so
            },
        )
    }
}
