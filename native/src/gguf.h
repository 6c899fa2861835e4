// A GGUF v3 file in memory, parsed and bounds-checked: typed metadata by key, tensors by name.
// https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
//
// Everything returned points into, or is copied from, the bytes given; they must outlive the Gguf. What is allocated is
// proportional to the bytes read, whatever the counts in the file claim.
#pragma once

#include <cstdint>
#include <map>
#include <string_view>
#include <vector>

namespace dsnet {

enum class GgufType : uint32_t { u8, i8, u16, i16, u32, i32, f32, boolean, string, array, u64, i64, f64 };

struct GgufValue {
  GgufType type;  // of the elements, for an array
  bool is_array;
  uint64_t count;       // 1 for a scalar
  const uint8_t* data;  // the first element, unaligned
  const uint8_t* end;   // one past the last
};

// Of tensors, and of the values of a program; GGUF's numbers.
enum class Type : uint32_t { f32 = 0, f16 = 1, i8 = 24, i32 = 26, bf16 = 30 };

constexpr size_t bytes_of(Type type) { return type == Type::i8 ? 1 : type == Type::f16 || type == Type::bf16 ? 2 : 4; }

const char* name_of(Type type);

struct GgufTensor {
  Type type;
  std::vector<uint64_t> shape;  // innermost first
  const uint8_t* data;          // 64-byte aligned
  uint64_t elements;
};

class Gguf {
 public:
  Gguf(const uint8_t* bytes, size_t size);

  bool has(std::string_view key) const { return values_.count(key) != 0; }

  // Scalars and arrays of exactly this type; a missing key or another type is a Failure.
  uint32_t u32(std::string_view key) const;
  float f32(std::string_view key) const;
  std::string_view string(std::string_view key) const;
  std::vector<uint32_t> u32s(std::string_view key) const;
  std::vector<int32_t> i32s(std::string_view key) const;
  std::vector<uint64_t> u64s(std::string_view key) const;
  std::vector<float> f32s(std::string_view key) const;
  std::vector<std::string_view> strings(std::string_view key) const;

  const std::map<std::string_view, GgufTensor>& tensors() const { return tensors_; }
  const uint8_t* data_section() const { return data_; }
  size_t data_bytes() const { return data_bytes_; }

 private:
  const GgufValue& find(std::string_view key, GgufType type, bool is_array) const;
  template <class T>
  std::vector<T> numbers(std::string_view key, GgufType type) const;

  std::map<std::string_view, GgufValue> values_;
  std::map<std::string_view, GgufTensor> tensors_;
  const uint8_t* data_ = nullptr;
  size_t data_bytes_ = 0;
};

}  // namespace dsnet
