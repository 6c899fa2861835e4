#include "json.h"

#include <cstdio>

namespace dsnet::cli::json {

std::string string(const std::string& text) {
  std::string json = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') json += '\\';
    if (static_cast<unsigned char>(c) < 0x20) {
      char escaped[8];
      std::snprintf(escaped, sizeof escaped, "\\u%04x", static_cast<unsigned>(c));
      json += escaped;
    } else {
      json += c;
    }
  }
  return json + "\"";
}

std::string number(double value, int digits) {
  char text[40];
  std::snprintf(text, sizeof text, "%.*g", digits, value);
  return text;
}

std::string number(size_t value) { return std::to_string(value); }

std::string number(int value) { return std::to_string(value); }

std::string boolean(bool value) { return value ? "true" : "false"; }

std::string array(const std::vector<std::string>& values) {
  std::string json;
  for (const std::string& value : values) json += (json.empty() ? "" : ", ") + value;
  return "[" + json + "]";
}

std::string array(const std::vector<double>& values, int digits) {
  std::string json;
  for (const double value : values) json += (json.empty() ? "" : ", ") + number(value, digits);
  return "[" + json + "]";
}

std::string object(std::initializer_list<std::pair<const char*, std::string>> fields) {
  std::string json;
  for (const auto& [name, value] : fields) json += (json.empty() ? "" : ", ") + string(name) + ": " + value;
  return "{" + json + "}";
}

}  // namespace dsnet::cli::json
