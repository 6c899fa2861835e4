// Writes the GGUF v3 files the tests read. Nothing is checked: the tests write bad files on purpose.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "half_convert.h"

namespace test {

using Bytes = std::vector<uint8_t>;

class GgufWriter {
 public:
  uint32_t version = 3;

  void u32(const std::string& key, uint32_t value) { scalar(key, 4, value); }
  void f32(const std::string& key, float value) {
    uint32_t bits;
    std::memcpy(&bits, &value, sizeof bits);
    scalar(key, 6, bits);
  }
  void string(const std::string& key, const std::string& value) {
    begin(key, 8);
    put_string(keys_, value);
  }
  void u32s(const std::string& key, const std::vector<uint32_t>& values) { array(key, 4, values); }
  void i32s(const std::string& key, const std::vector<int32_t>& values) { array(key, 5, values); }
  void f32s(const std::string& key, const std::vector<float>& values) { array(key, 6, values); }
  void u64s(const std::string& key, const std::vector<uint64_t>& values) { array(key, 10, values); }
  void strings(const std::string& key, const std::vector<std::string>& values) {
    begin_array(key, 8, values.size());
    for (const auto& value : values) put_string(keys_, value);
  }

  // Numbers are written in the type that GGUF's number stands for: F32 (0), F16 (1), I8 (24), I32 (26) or BF16 (30).
  void tensor(const std::string& name, uint32_t type, const std::vector<uint64_t>& shape, const std::vector<float>& data) {
    put_string(infos_, name);
    put(infos_, static_cast<uint32_t>(shape.size()));
    for (const uint64_t extent : shape) put(infos_, extent);
    put(infos_, type);
    put(infos_, uint64_t{data_.size()});
    ++n_tensors_;
    for (const float x : data) {
      if (type == 1) {
        put(data_, rounded<dsnet::Fp16>(x));
      } else if (type == 30) {
        put(data_, rounded<dsnet::Bf16>(x));
      } else if (type == 24) {
        put(data_, static_cast<int8_t>(x));
      } else if (type == 26) {
        put(data_, static_cast<int32_t>(x));
      } else {
        put(data_, x);
      }
    }
    data_.resize((data_.size() + 63) / 64 * 64);
  }

  // The file, and where its tensor data begins.
  Bytes bytes(size_t* data_begin = nullptr) const {
    Bytes file = {'G', 'G', 'U', 'F'};
    put(file, version);
    put(file, n_tensors_);
    put(file, n_keys_);
    file.insert(file.end(), keys_.begin(), keys_.end());
    file.insert(file.end(), infos_.begin(), infos_.end());
    file.resize((file.size() + 63) / 64 * 64);
    if (data_begin != nullptr) *data_begin = file.size();
    file.insert(file.end(), data_.begin(), data_.end());
    return file;
  }

 private:
  template <class T>
  static void put(Bytes& to, T value) {
    const auto* raw = reinterpret_cast<const uint8_t*>(&value);
    to.insert(to.end(), raw, raw + sizeof value);
  }
  template <class Map>
  static Map rounded(float x) {
    Map result;
    dsnet::round_to(x, result);
    return result;
  }
  static void put_string(Bytes& to, const std::string& value) {
    put(to, uint64_t{value.size()});
    to.insert(to.end(), value.begin(), value.end());
  }
  void begin(const std::string& key, uint32_t type) {
    put_string(keys_, key);
    put(keys_, type);
    ++n_keys_;
  }
  void begin_array(const std::string& key, uint32_t type, uint64_t count) {
    begin(key, 9);
    put(keys_, type);
    put(keys_, count);
  }
  template <class T>
  void scalar(const std::string& key, uint32_t type, T value) {
    begin(key, type);
    put(keys_, value);
  }
  template <class T>
  void array(const std::string& key, uint32_t type, const std::vector<T>& values) {
    begin_array(key, type, values.size());
    for (const T value : values) put(keys_, value);
  }

  Bytes keys_, infos_, data_;
  uint64_t n_keys_ = 0, n_tensors_ = 0;
};

}  // namespace test
