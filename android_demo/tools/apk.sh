#!/usr/bin/env bash
# Builds build/android/dsnet-edge.apk, a debuggable APK for arm64-v8a with the demo bundle in it, without Google's repositories.
set -euo pipefail
# shellcheck source=android_demo/tools/env.sh
. "$(dirname "$0")/env.sh"
fetch kotlin dx executorch

app=android_demo/app/src/main
framework=/usr/share/android-framework-res/framework-res.apk
java_home=$(dirname "$(dirname "$(readlink -f "$(command -v javac)")")")
version=$("$python" -c 'import dsnet_edge; print(dsnet_edge.__version__)')
annotations=$tools/kotlin/lib/annotations-13.0.jar
apk=$out/dsnet-edge.apk

echo "1/6 native library"
android_demo/native/build.sh "$out/native/arm64-v8a/libdsnet.so"

echo "2/6 demo bundle, of what this APK can run"
android_demo/tools/demo_bundle.sh "$out/assets/bundles/demo" sliced

echo "3/6 resources"
mkdir -p "$out/gen"
aapt2 compile --dir "$app/res" -o "$out/res.zip"
aapt2 link -o "$out/linked.apk" -I "$framework" --manifest "$app/AndroidManifest.xml" --java "$out/gen" -A "$out/assets" \
  -0 dsnet --min-sdk-version 26 --target-sdk-version 34 --version-code 1 --version-name "$version" --debug-mode \
  --auto-add-overlay "$out/res.zip"

echo "4/6 Kotlin"
android_demo/tools/stubs.sh
compile_java "$out/r" "$out/gen"
compile_core
compile_engines
compile_kotlin "$out/app" "$out/core:$out/engines:$out/stubs:$out/r" "$app/kotlin"

echo "5/6 dex"
[ -f "$out/java8.jar" ] || python3 android_demo/tools/java8.py "$java_home" "$out/java8.jar"
# Java 7's class files are what dx reads. Unused parts of Kotlin's library go; nothing is renamed.
proguard -injars "$out/core:$out/engines:$out/app:$out/r" -injars "$stdlib(!META-INF/**)" -outjars "$out/shrunk.jar" \
  -libraryjars "$out/java8.jar:$out/stubs:$json:$annotations:$engine_apis" \
  -target 1.7 -dontoptimize -dontobfuscate -include android_demo/app/proguard.pro >"$out/proguard.log" 2>&1 || { grep -v ^Reading "$out/proguard.log" | head -40 >&2; exit 1; }
"$python" android_demo/stubs/check.py "$tools/pyi" "$tools/types/lib/android/android-platform-37.d.ts" "$out/shrunk.jar"
java -cp "$tools/dx/framework/build-tools/android-metadata-generator.jar" com.android.dx.command.Main \
  --dex --output="$out/classes.dex" "$out/shrunk.jar"

echo "6/6 package"
# The key that Android's own tools use for debugging, so that either build replaces the other's app.
key=$HOME/.android/debug.keystore
if [ ! -f "$key" ]; then
  mkdir -p "$HOME/.android"
  keytool -genkeypair -keystore "$key" -storepass android -keypass android -alias androiddebugkey -keyalg RSA -keysize 2048 \
    -validity 10000 -dname 'CN=Android Debug,O=Android,C=US' 2>/dev/null
fi
python3 android_demo/tools/pack.py "$out/unsigned.apk" "$out/linked.apk" "$out/classes.dex" \
  "lib/arm64-v8a/libdsnet.so=$out/native/arm64-v8a/libdsnet.so"
apksigner sign --ks "$key" --ks-pass pass:android --ks-key-alias androiddebugkey --v1-signing-enabled false --min-sdk-version 26 \
  --v4-signing-enabled false --out "$apk" "$out/unsigned.apk"
android_demo/tools/verify_apk.sh "$apk"
