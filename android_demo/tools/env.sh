# What the scripts beside this one share. Source it: it goes to the checkout and locks build/android.
# shellcheck shell=bash disable=SC2034,SC2086
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit
out=$PWD/build/android
tools=$out/tools
mkdir -p "$out"
# One at a time: tests run in several processes. A script that another has started runs under the lock of the first.
if [ -z "${DSNET_ANDROID_LOCKED:-}" ]; then
  exec 9>"$out/.lock"
  flock 9
  export DSNET_ANDROID_LOCKED=1
fi
python=$PWD/${VENV:-.venv}/bin/python

# fetch NAME...: packages of fetch.py, into $tools.
fetch() { "$python" android_demo/tools/fetch.py "$tools" "$@"; }

stdlib=$tools/kotlin/lib/kotlin-stdlib.jar
json=/usr/share/java/com.android.json.jar

# compile_kotlin OUT CLASSPATH SOURCE...: class files for Java 8, which ART's older tools read too. OUT is replaced when all went well.
# What is internal in the folder $friends can be seen.
compile_kotlin() {
  local classes=$1 classpath=$2
  shift 2
  if is_current "$classes" "$classpath" "$@"; then return; fi
  rm -rf "$classes.new"
  bash "$tools/kotlin/bin/kotlinc" -no-stdlib -no-reflect -Werror -jvm-target 1.8 -Xjdk-release=1.8 -Xlambdas=class \
    -Xsam-conversions=class -jvm-default=disable -Xstring-concat=inline ${friends:+"-Xfriend-paths=$friends"} -cp "$stdlib:$classpath" \
    -d "$classes.new" "$@"
  mkdir -p "$classes.new"
  rm -rf "$classes"
  mv "$classes.new" "$classes"
}

# is_current OUT CLASSPATH SOURCE...: no source, and no folder or jar of the class path, has changed since OUT was made.
is_current() {
  local classes=$1 classpath=$2
  shift 2
  [ -d "$classes" ] || return 1
  local listed newer
  listed=$(find "$@" -name '*.kt' -o -name '*.java' | sort | sha256sum)
  newer=$(find "$@" ${classpath//:/ } -newer "$classes" -print -quit)
  if [ -z "$newer" ] && [ "$(cat "$classes.sources" 2>/dev/null)" = "$listed" ]; then return 0; fi
  echo "$listed" >"$classes.sources"
  return 1
}

compile_core() { compile_kotlin "$out/core" "$json" android_demo/core/src/main; }

# The Java interfaces of the two other runtimes; the runtimes themselves come from Google's repository and Maven Central, by Gradle.
engine_apis=$out/engine-stubs:$tools/executorch/android/libs/classes.jar

compile_engines() {
  compile_java "$out/engine-stubs" android_demo/engines/*/stubs
  compile_kotlin "$out/engines" "$out/core:$engine_apis" android_demo/engines/*/src/main
}

# compile_java OUT SOURCE...
compile_java() {
  local classes=$1 files
  shift
  if is_current "$classes" "" "$@"; then return; fi
  mapfile -t files < <(find "$@" -name '*.java')
  rm -rf "$classes"
  javac --release 8 -Xlint:all,-options -Werror -d "$classes" "${files[@]}"
}
