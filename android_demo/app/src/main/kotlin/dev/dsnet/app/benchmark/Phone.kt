package dev.dsnet.app.benchmark

import android.content.Context
import android.content.Intent
import android.content.IntentFilter
import android.os.BatteryManager
import android.os.Build
import android.os.PowerManager
import android.system.Os
import dev.dsnet.measure.Bench
import dev.dsnet.measure.PhoneNames
import dev.dsnet.measure.PhoneState
import dev.dsnet.measure.SystemFiles
import dev.dsnet.measure.readConditions

/** This phone as the measuring loop needs it. */
internal fun bench(context: Context): Bench {
    val files = SystemFiles()
    return Bench(
        conditions = { readConditions(files, uptimeS(), phoneState(context)) },
        start = { BlockWorker(context, it) },
        rest = { seconds -> Thread.sleep((seconds * 1000).toLong()) },
    )
}

internal fun phoneNames(): PhoneNames {
    val kernel = Os.uname()
    return PhoneNames(
        product = "${Build.MANUFACTURER} ${Build.MODEL}",
        soc = if (Build.VERSION.SDK_INT >= 31) "${Build.SOC_MANUFACTURER} ${Build.SOC_MODEL}" else "",
        system = "Android ${Build.VERSION.RELEASE}",
        kernel = "${kernel.sysname} ${kernel.release}",
        fingerprint = Build.FINGERPRINT,
        architecture = kernel.machine,
    )
}

private fun phoneState(context: Context): PhoneState {
    val power = context.getSystemService(PowerManager::class.java)
    val battery = context.registerReceiver(null, IntentFilter(Intent.ACTION_BATTERY_CHANGED)) // sticky: nothing is registered
    val tenths = battery?.getIntExtra(BatteryManager.EXTRA_TEMPERATURE, UNTOLD) ?: UNTOLD
    return PhoneState(
        thermalStatus = if (Build.VERSION.SDK_INT >= 29) power.currentThermalStatus else 0,
        batteryCelsius = if (tenths in PLAUSIBLE) tenths / 10.0 else null,
        batterySaver = power.isPowerSaveMode,
    )
}

private const val UNTOLD = Int.MIN_VALUE
private val PLAUSIBLE = -400..1250 // tenths of a degree
