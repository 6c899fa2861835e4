// Failures inside the runtime. They are thrown while a model is opened or a session created, and turned into a status and
// a message at the C boundary; running a model throws nothing.
#pragma once

#include <string>
#include <string_view>

#include "dsnet.h"

namespace dsnet {

struct Failure {
  dsnet_status status;
  std::string message;
};

// Throws a Failure; the rest is printf's.
[[noreturn]] [[gnu::format(printf, 2, 3)]] void fail(dsnet_status status, const char* format, ...);

// Text from a file, made safe for one line of a message: short, and printable.
std::string quoted(std::string_view text);

}  // namespace dsnet
