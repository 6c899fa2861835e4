plugins {
    alias(libs.plugins.android.library)
}

android {
    namespace = "dev.dsnet.engine.executorch"
    compileSdk = 36
    defaultConfig {
        minSdk = 26
    }
}

dependencies {
    implementation(project(":core"))
    implementation(libs.executorch)
}
