#include "error.h"

#include <cstdarg>
#include <cstdio>

namespace dsnet {

void fail(dsnet_status status, const char* format, ...) {
  char message[512];
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(message, sizeof message, format, arguments);
  va_end(arguments);
  throw Failure{status, message};
}

std::string quoted(std::string_view text) {
  constexpr size_t kLongest = 60;
  std::string result = "'";
  for (const char c : text.substr(0, kLongest)) result += c >= ' ' && c <= '~' ? c : '?';
  return result + (text.size() > kLongest ? "...'" : "'");
}

}  // namespace dsnet
