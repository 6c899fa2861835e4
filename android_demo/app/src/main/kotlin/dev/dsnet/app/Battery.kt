package dev.dsnet.app

import android.content.Context
import android.content.Intent
import android.content.IntentFilter
import android.os.BatteryManager
import dev.dsnet.energy.BatterySample

/** Reads the battery's fuel gauge, as its driver gives it. */
internal class Battery(private val context: Context) {
    private val manager = context.getSystemService(BatteryManager::class.java)

    fun read(atS: Double): BatterySample {
        val current = manager.getIntProperty(BatteryManager.BATTERY_PROPERTY_CURRENT_NOW)
        val state = context.registerReceiver(null, IntentFilter(Intent.ACTION_BATTERY_CHANGED)) // the latest: this one stays
        return BatterySample(
            atS = atS,
            current = current.toLong(),
            voltage = (state?.getIntExtra(BatteryManager.EXTRA_VOLTAGE, 0) ?: 0).toLong(),
            charging = state?.getIntExtra(BatteryManager.EXTRA_PLUGGED, 0) != 0,
        )
    }
}
