# Two commands are all a newcomer needs: `make demo` and `make test`.
SHELL := /bin/bash
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
export PIP_DISABLE_PIP_VERSION_CHECK = 1

.PHONY: demo fuzz test setup test-packages lint format bench arm arm-test native-test wheel-arm64 test-arm64 onnx2tf-env clean \
  android android-test android-packages android-screenshots

demo: setup  ## convert, verify and run the demo model on three backends
	$(BIN)/dsnet-edge quickstart

test: native-test fuzz arm-test android-test  ## all tests
	$(BIN)/python -m pytest -n auto --dist loadfile

setup: $(VENV)/.installed

# torch first and pinned: the newest wheel of the registry brings gigabytes of CUDA. ExecuTorch before us: our binding is built
# against its libraries.
$(VENV)/.installed: pyproject.toml CMakeLists.txt $(wildcard native/CMakeLists.txt native/*/CMakeLists.txt native/*/*.cpp native/*/*.h)
	scripts/system-packages.sh build
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q torch==2.13.0
	$(BIN)/python -m pip install -q --no-deps executorch==1.5.1
	$(BIN)/python -m pip install -q -e '.[all,dev]'
	touch $@

test-packages: setup
	scripts/system-packages.sh test

native-test: test-packages  ## the C++ tests, here and under the address, undefined-behaviour and thread sanitizers
	scripts/native-tests.sh host
	scripts/native-tests.sh sanitize
	scripts/native-tests.sh tsan

arm: test-packages  ## build/arm/dsnet-bench: static, for a Pi or Android's shell
	scripts/build-arm.sh

fuzz: test-packages  ## mutated model files against the reader; RUNS=1000000 for a long run
	scripts/fuzz.sh $(RUNS)

arm-test: test-packages  ## the C++ tests, cross-compiled to aarch64 and run under qemu-user
	scripts/native-tests.sh arm

wheel-arm64: test-packages  ## dist/*aarch64.whl: the package for a Pi, or any Linux on aarch64 with Python 3.11
	scripts/wheel-arm64.sh

test-arm64: wheel-arm64  ## that wheel, installed and run on an emulated ARM processor; not part of make test
	$(BIN)/python -m pytest tests/arm64/check_wheel.py

android-packages: setup
	scripts/system-packages.sh android

android: android-packages  ## build/android/dsnet-edge.apk: the app for phones, without Google's repositories
	android_demo/tools/apk.sh

android-test: android-packages  ## the tests of the app's plain Kotlin
	android_demo/tools/jvm.sh test

android-screenshots: android-packages  ## docs/images/android-*.png: the app's display, drawn by its own code
	android_demo/tools/screenshots.sh

onnx2tf-env:  ## .venv-onnx2tf, for dsnet-edge convert --litert-via onnx2tf
	PYTHON=$(PYTHON) scripts/onnx2tf-env.sh

lint: setup  ## formatting, style and types
	scripts/system-packages.sh lint
	$(BIN)/ruff check . && $(BIN)/ruff format --check .
	$(BIN)/mypy
	scripts/lint-native.sh

format:  ## rewrite in the house format
	$(BIN)/ruff format . && $(BIN)/ruff check --fix .
	clang-format-19 -i $$(git ls-files '*.cpp' '*.h')

ROUNDS ?= 60
bench: build/dsmbnet14/manifest.json build/dsmbnet14-int8/manifest.json  ## the README's figures, fp32 and int8; ROUNDS=2 for a try
	$(BIN)/dsnet-edge bench build/dsmbnet14 build/dsmbnet14-int8 --peers litert,executorch,onnxruntime,ncnn \
	  --rounds $(ROUNDS) --json benchmarks/results/bench.json --plot docs/images/bench.png
	for precision in '' -int8; do $(BIN)/dsnet-edge table1 build/dsmbnet14$$precision --rounds $(ROUNDS) \
	  --json benchmarks/results/table1$$precision.json --plot docs/images/table1$$precision.png || exit 1; done

build/dsmbnet14/manifest.json: | setup
	$(BIN)/dsnet-edge convert --arch dsmbnet14 --random 0 -o build/dsmbnet14 --to sliced,executorch,litert,onnx,ncnn

build/dsmbnet14-int8/manifest.json: | setup
	$(BIN)/dsnet-edge convert --arch dsmbnet14 --random 0 -o build/dsmbnet14-int8 --to sliced,executorch,litert,onnx \
	  --precision int8 --samples 16

clean:
	rm -rf build $(VENV) .venv-onnx2tf
