// Named here once, so that all modules have the same; the Android plugin compiles Kotlin with the version of kotlin-jvm.
plugins {
    alias(libs.plugins.android.application) apply false
    alias(libs.plugins.android.library) apply false
    alias(libs.plugins.kotlin.jvm) apply false
}
