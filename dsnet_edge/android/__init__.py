"""The Android app, seen from a computer: it is installed, given bundles, started and asked for its results, all by adb."""
