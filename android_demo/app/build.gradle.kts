plugins {
    alias(libs.plugins.android.application)
}

val release = Regex("__version__ = \"(.+)\"").find(rootDir.resolve("../dsnet_edge/__init__.py").readText())!!.groupValues[1]
val demoAssets: File = rootDir.resolve("../build/android/gradle-assets")

android {
    namespace = "dev.dsnet.demo"
    compileSdk = 36
    ndkVersion = "28.2.13676358" // from r28 on, libraries are aligned for pages of 16 KiB
    defaultConfig {
        applicationId = "dev.dsnet.demo"
        minSdk = 26
        targetSdk = 34
        versionCode = 1
        versionName = release
        ndk {
            abiFilters += listOf("arm64-v8a", "x86_64")
        }
        externalNativeBuild {
            cmake {
                // Kernels without optimisation are many times slower, so a debug build has them with it as well.
                arguments += listOf("-DANDROID_STL=c++_static", "-DCMAKE_BUILD_TYPE=Release")
                targets += "dsnet_jni"
            }
        }
    }
    externalNativeBuild {
        cmake {
            path = rootDir.resolve("native/CMakeLists.txt")
        }
    }
    sourceSets.getByName("main") {
        assets.directories.add(demoAssets.path)
    }
    androidResources {
        noCompress += listOf("dsnet", "pte", "tflite") // they are mapped, or would not get smaller
    }
    packaging {
        jniLibs {
            useLegacyPackaging = false // Android maps them from the APK
            pickFirsts += "**/libc++_shared.so" // of ExecuTorch and of what it depends on
        }
    }
}

dependencies {
    implementation(project(":core"))
    implementation(project(":engines:executorch"))
    implementation(project(":engines:litert"))
}

// The demo model for all three runtimes. Does nothing where it is there already.
val demoBundle by tasks.registering(Exec::class) {
    val python = rootDir.resolve("../.venv/bin/python")
    val bundle = demoAssets.resolve("bundles/demo")
    commandLine("bash", rootDir.resolve("tools/demo_bundle.sh").path, bundle.path, "sliced,executorch,litert")
    doFirst {
        check(python.canExecute()) { "$python: there is no such program, and it converts the demo model; run this first: make setup" }
    }
}

tasks.named("preBuild") {
    dependsOn(demoBundle)
}
