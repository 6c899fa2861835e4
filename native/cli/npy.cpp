#include "npy.h"

#include <cstdint>
#include <cstring>
#include <fstream>
#include <iterator>
#include <regex>
#include <stdexcept>
#include <string_view>

namespace dsnet::cli {
namespace {

constexpr std::string_view kMagic("\x93NUMPY\x01\0", 8);  // and format version 1.0
constexpr size_t kPreamble = kMagic.size() + 2;
constexpr size_t kLargestFile = size_t{1} << 30, kLargestSize = size_t{1} << 28;

std::string text_of(const std::vector<size_t>& shape) {
  std::string text;
  for (const size_t size : shape) text += (text.empty() ? "" : ", ") + std::to_string(size);
  return "[" + text + "]";
}

[[noreturn]] void refuse(const std::string& filename, const std::string& reason) {
  throw std::runtime_error(filename + ": " + reason + "; copy or convert the bundle again");
}

std::vector<char> read_bytes(const std::string& filename) {
  std::ifstream file(filename, std::ios::binary | std::ios::ate);
  const std::streamoff size = file ? static_cast<std::streamoff>(file.tellg()) : -1;
  if (size < 0) refuse(filename, "cannot be read");
  if (static_cast<size_t>(size) > kLargestFile) refuse(filename, "larger than 1 GiB");
  std::vector<char> bytes(static_cast<size_t>(size));
  file.seekg(0);
  if (!file.read(bytes.data(), size)) refuse(filename, "cannot be read");
  return bytes;
}

// The shape in a header such as  {'descr': '<f4', 'fortran_order': False, 'shape': (3, 224), }
std::vector<size_t> shape_in(const std::string& header, const std::string& filename) {
  static const std::regex expected(R"(\{'descr': '<f4', 'fortran_order': False, 'shape': \(((\d{1,9}, ?)*(\d{1,9})?)\), \} *\n)");
  std::smatch match;
  if (header.size() > 256 || !std::regex_match(header, match, expected)) refuse(filename, "not an array of float32 in C order");
  std::vector<size_t> shape;
  const std::string sizes = match[1];
  static const std::regex number(R"(\d+)");
  for (std::sregex_iterator at(sizes.begin(), sizes.end(), number), end; at != end; ++at) shape.push_back(std::stoul(at->str()));
  return shape;
}

}  // namespace

Array read_npy(const std::string& filename) {
  const std::vector<char> bytes = read_bytes(filename);
  if (bytes.size() < kPreamble || std::memcmp(bytes.data(), kMagic.data(), kMagic.size()) != 0) {
    refuse(filename, "not a .npy file of version 1.0");
  }
  const auto low = static_cast<uint8_t>(bytes[kPreamble - 2]), high = static_cast<uint8_t>(bytes[kPreamble - 1]);
  const size_t begin = kPreamble + low + size_t{256} * high;
  if (begin > bytes.size()) refuse(filename, "cut off within its header");
  Array array;
  array.shape = shape_in(std::string(bytes.data() + kPreamble, bytes.data() + begin), filename);
  size_t count = 1;
  for (const size_t size : array.shape) {
    count *= size;
    if (count > kLargestSize) refuse(filename, "shape " + text_of(array.shape) + " is too large");
  }
  if (bytes.size() - begin != count * sizeof(float)) {
    refuse(filename, "shape " + text_of(array.shape) + " takes " + std::to_string(count * sizeof(float)) + " bytes, found " +
                         std::to_string(bytes.size() - begin));
  }
  array.data.resize(count);
  if (count > 0) std::memcpy(array.data.data(), bytes.data() + begin, count * sizeof(float));
  return array;
}

Array read_npy(const std::string& filename, const std::vector<size_t>& shape) {
  Array array = read_npy(filename);
  if (array.shape != shape) refuse(filename, "expected shape " + text_of(shape) + ", found " + text_of(array.shape));
  return array;
}

}  // namespace dsnet::cli
