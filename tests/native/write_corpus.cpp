// write_corpus FOLDER: the fuzzer's seeds, one file a precision. scripts/fuzz.sh adds what the Python writer makes.
#include <cstdio>
#include <fstream>

#include "tiny_model.h"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::printf("usage: %s FOLDER\n", argv[0]);
    return 2;
  }
  for (const char* precision : test::kPrecisions) {
    const test::Bytes bytes = test::TinyModel(precision).bytes();
    std::ofstream file(std::string(argv[1]) + "/tiny-" + precision + ".dsnet", std::ios::binary);
    if (!file.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()))) return 1;
  }
  return 0;
}
