package dev.dsnet.app.benchmark

import android.app.ActivityManager
import android.app.ApplicationExitInfo
import android.content.Context
import android.os.Build

/** Of the last process of a block, in words that follow "its process". Android tells since version 11. */
internal fun howBlockDied(context: Context): String {
    if (Build.VERSION.SDK_INT < 30) return UNTOLD
    val exits = context.getSystemService(ActivityManager::class.java).getHistoricalProcessExitReasons(null, 0, LOOKED_AT)
    return when (exits.firstOrNull { it.processName.endsWith(":block") }?.reason) {
        ApplicationExitInfo.REASON_CRASH_NATIVE -> "was ended by a native crash; look with: adb logcat -b crash -d"
        ApplicationExitInfo.REASON_CRASH -> "was ended by a crash; look with: adb logcat -b crash -d"
        ApplicationExitInfo.REASON_LOW_MEMORY -> "was ended for want of memory; close other apps"
        ApplicationExitInfo.REASON_EXCESSIVE_RESOURCE_USAGE -> "was ended for using too much"
        else -> UNTOLD
    }
}

private const val UNTOLD = "ended without an answer"
private const val LOOKED_AT = 8 // newest first; the app's own process may be among them
