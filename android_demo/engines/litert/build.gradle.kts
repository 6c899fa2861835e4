plugins {
    alias(libs.plugins.android.library)
}

android {
    namespace = "dev.dsnet.engine.litert"
    compileSdk = 36
    defaultConfig {
        minSdk = 26
    }
}

dependencies {
    implementation(project(":core"))
    implementation(libs.litert)
}
