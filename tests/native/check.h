// Checks for the C++ tests: CHECK counts and reports failures, `main` returns report().
#pragma once

#include <cstdio>

namespace check {

inline int failures = 0;
inline int passed = 0;

inline bool expect(bool condition, const char* text, const char* file, int line) {
  ++(condition ? passed : failures);
  if (!condition && failures <= 20) std::printf("%s:%d: failed: %s\n", file, line, text);
  return condition;
}

inline int report(const char* name) {
  std::printf("%s: %d checks passed, %d failed\n", name, passed, failures);
  return failures == 0 && passed > 0 ? 0 : 1;
}

}  // namespace check

#define CHECK(condition) check::expect((condition), #condition, __FILE__, __LINE__)
