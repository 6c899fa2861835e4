// printf into a string of at most 1023 letters.
#pragma once

#include <string>

namespace dsnet::cli {

[[gnu::format(printf, 1, 2)]] std::string format(const char* pattern, ...);

}  // namespace dsnet::cli
