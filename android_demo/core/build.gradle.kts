import org.jetbrains.kotlin.gradle.dsl.JvmTarget

plugins {
    alias(libs.plugins.kotlin.jvm)
}

kotlin {
    compilerOptions {
        jvmTarget = JvmTarget.JVM_1_8
        freeCompilerArgs.add("-Xjdk-release=1.8")
        allWarningsAsErrors = true
    }
}

java {
    sourceCompatibility = JavaVersion.VERSION_1_8
    targetCompatibility = JavaVersion.VERSION_1_8
}

dependencies {
    compileOnly(libs.json) // a part of Android
    testImplementation(libs.json)
    testImplementation(libs.junit)
    testImplementation(libs.kotlin.test)
}

// What Python and the C++ compiler make for the tests.
val made: File = rootDir.resolve("../build/android")

tasks.test {
    systemProperty("dsnet.bundle", made.resolve("demo-bundle").path)
    systemProperty("dsnet.golden", made.resolve("golden").path)
    systemProperty("dsnet.photos", rootDir.resolve("../dsnet_edge/demo/photos").path)
    systemProperty("java.library.path", made.resolve("native/host").path)
    systemProperty("java.awt.headless", "true")
    val golden = made.resolve("golden")
    doFirst {
        check(golden.isDirectory) { "$golden: there is no such folder; run this first: make android-test" }
    }
}
