// A GGUF file taken apart into what a mutation may change, and put together again. Trusts counts no further than the bytes
// there are; what does not parse is left to mutations of plain bytes.
#pragma once

#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <vector>

namespace test {

struct GgufEntry {
  std::string key;
  uint32_t type;  // of the elements
  bool is_array;
  std::vector<std::string> elements;  // the bytes of numbers, the text of strings
};

struct GgufTensorInfo {
  std::string name;
  std::vector<uint64_t> shape;
  uint32_t type;
  uint64_t offset;
};

struct GgufParts {
  uint32_t version = 3;
  std::vector<GgufEntry> entries;
  std::vector<GgufTensorInfo> tensors;
  std::string data;
};

inline constexpr uint32_t kGgufString = 8, kGgufArray = 9;
inline constexpr uint8_t kGgufBytes[] = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};  // of each type of number

class GgufParser {
 public:
  GgufParser(const uint8_t* bytes, size_t size) : at_(bytes), begin_(bytes), end_(bytes + size) {}

  std::optional<GgufParts> parse() {
    GgufParts parts;
    const bool magic = text(4) == "GGUF";
    parts.version = number<uint32_t>();
    const auto n_tensors = number<uint64_t>(), n_keys = number<uint64_t>();
    for (uint64_t i = 0; i < n_keys && good_; ++i) parts.entries.push_back(entry());
    for (uint64_t i = 0; i < n_tensors && good_; ++i) parts.tensors.push_back(tensor());
    text((64 - static_cast<size_t>(at_ - begin_) % 64) % 64);
    if (!magic || !good_) return std::nullopt;
    parts.data = text(static_cast<size_t>(end_ - at_));
    return parts;
  }

 private:
  std::string text(uint64_t length) {
    good_ = good_ && length <= static_cast<uint64_t>(end_ - at_);
    if (!good_) return {};
    at_ += length;
    return {reinterpret_cast<const char*>(at_ - length), static_cast<size_t>(length)};
  }

  template <class T>
  T number() {
    T value = 0;
    if (const std::string raw = text(sizeof value); good_) std::memcpy(&value, raw.data(), sizeof value);
    return value;
  }

  std::string string() { return text(number<uint64_t>()); }

  GgufEntry entry() {
    GgufEntry entry = {string(), number<uint32_t>(), false, {}};
    uint64_t count = 1;
    if (entry.type == kGgufArray) {
      entry.is_array = true;
      entry.type = number<uint32_t>();
      count = number<uint64_t>();
    }
    good_ = good_ && entry.type < sizeof kGgufBytes && entry.type != kGgufArray;
    for (uint64_t i = 0; i < count && good_; ++i) {
      entry.elements.push_back(entry.type == kGgufString ? string() : text(kGgufBytes[entry.type]));
    }
    return entry;
  }

  GgufTensorInfo tensor() {
    GgufTensorInfo info = {string(), {}, 0, 0};
    const auto dimensions = number<uint32_t>();
    for (uint32_t i = 0; i < dimensions && good_; ++i) info.shape.push_back(number<uint64_t>());
    info.type = number<uint32_t>();
    info.offset = number<uint64_t>();
    return info;
  }

  const uint8_t *at_, *begin_, *end_;
  bool good_ = true;
};

inline std::string to_bytes(const GgufParts& parts) {
  std::string file = "GGUF";
  const auto put = [&](auto value) { file.append(reinterpret_cast<const char*>(&value), sizeof value); };
  const auto put_string = [&](const std::string& text) {
    put(uint64_t{text.size()});
    file += text;
  };
  put(parts.version);
  put(uint64_t{parts.tensors.size()});
  put(uint64_t{parts.entries.size()});
  for (const GgufEntry& entry : parts.entries) {
    put_string(entry.key);
    if (entry.is_array) put(kGgufArray);
    put(entry.type);
    if (entry.is_array) put(uint64_t{entry.elements.size()});
    for (const std::string& element : entry.elements) entry.type == kGgufString ? put_string(element) : void(file += element);
  }
  for (const GgufTensorInfo& tensor : parts.tensors) {
    put_string(tensor.name);
    put(static_cast<uint32_t>(tensor.shape.size()));
    for (const uint64_t extent : tensor.shape) put(extent);
    put(tensor.type);
    put(tensor.offset);
  }
  file.resize((file.size() + 63) / 64 * 64);
  return file + parts.data;
}

}  // namespace test
