// Just enough to write JSON: every function returns the text of a value.
#pragma once

#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

namespace dsnet::cli::json {

std::string string(const std::string& text);
std::string number(double value, int digits = 7);
std::string number(size_t value);
std::string number(int value);
std::string boolean(bool value);
std::string array(const std::vector<double>& values, int digits);
std::string array(const std::vector<std::string>& values);
std::string object(std::initializer_list<std::pair<const char*, std::string>> fields);

}  // namespace dsnet::cli::json
