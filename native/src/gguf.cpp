#include "gguf.h"

#include <cinttypes>
#include <cstring>
#include <string>

#include "error.h"

namespace dsnet {
namespace {

constexpr uint64_t kAlignment = 64;
constexpr uint64_t kMostEntries = 65536;  // of each: keys, tensors
constexpr uint32_t kMostDimensions = 4;

constexpr const char* kTypeNames[] = {"u8",   "i8",     "u16",   "i16", "u32", "i32", "f32",
                                      "bool", "string", "array", "u64", "i64", "f64"};
constexpr uint8_t kTypeBytes[] = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};  // 0: not of fixed size
constexpr uint32_t kTypes = sizeof kTypeBytes;

const char* name_of(GgufType type) { return kTypeNames[static_cast<uint32_t>(type)]; }

// A cursor over the bytes that cannot leave them.
class Reader {
 public:
  Reader(const uint8_t* bytes, size_t size) : begin_(bytes), at_(bytes), end_(bytes + size) {}

  const uint8_t* at() const { return at_; }
  uint64_t offset() const { return static_cast<uint64_t>(at_ - begin_); }
  uint64_t left() const { return static_cast<uint64_t>(end_ - at_); }

  const uint8_t* take(uint64_t bytes, const char* what) {
    if (bytes > left()) {
      fail(DSNET_ERROR_FORMAT, "truncated or damaged: %s at byte %" PRIu64 " needs %" PRIu64 " bytes, found %" PRIu64, what,
           offset(), bytes, left());
    }
    const uint8_t* taken = at_;
    at_ += bytes;
    return taken;
  }

  template <class T>
  T number(const char* what) {
    T value;
    std::memcpy(&value, take(sizeof value, what), sizeof value);
    return value;
  }

  std::string_view string(const char* what) {
    const auto length = number<uint64_t>(what);
    return {reinterpret_cast<const char*>(take(length, what)), static_cast<size_t>(length)};
  }

  // A count of things that take at least `least_bytes` each.
  uint64_t count(const char* what, uint64_t least_bytes, uint64_t most) {
    const auto value = number<uint64_t>(what);
    if (value > most || value > left() / least_bytes) {
      fail(DSNET_ERROR_FORMAT, "%s: %" PRIu64 " do not fit the %" PRIu64 " bytes that follow (at most %" PRIu64 ")", what, value,
           left(), most);
    }
    return value;
  }

 private:
  const uint8_t *begin_, *at_, *end_;
};

GgufType read_type(Reader& reader, std::string_view key) {
  const auto type = reader.number<uint32_t>("a metadata type");
  if (type >= kTypes) {
    fail(DSNET_ERROR_FORMAT, "metadata key %s: expected a type below %u, found %u", quoted(key).c_str(), kTypes, type);
  }
  return static_cast<GgufType>(type);
}

GgufValue read_value(Reader& reader, std::string_view key) {
  GgufValue value = {read_type(reader, key), false, 1, nullptr, nullptr};
  if (value.type == GgufType::array) {
    value.is_array = true;
    value.type = read_type(reader, key);
    if (value.type == GgufType::array) {
      fail(DSNET_ERROR_FORMAT, "metadata key %s: arrays of arrays are not supported", quoted(key).c_str());
    }
    const uint64_t least = value.type == GgufType::string ? sizeof(uint64_t) : kTypeBytes[static_cast<uint32_t>(value.type)];
    value.count = reader.count("a metadata array's length", least, UINT64_MAX);
  }
  value.data = reader.at();
  if (value.type == GgufType::string) {
    for (uint64_t i = 0; i < value.count; ++i) reader.string("a metadata string");
  } else {
    reader.take(value.count * kTypeBytes[static_cast<uint32_t>(value.type)], "a metadata value");
  }
  value.end = reader.at();
  return value;
}

struct TensorInfo {
  Type type;
  std::vector<uint64_t> shape;
  uint64_t elements, offset;
};

Type read_tensor_type(Reader& reader, const std::string& label) {
  const auto found = reader.number<uint32_t>("a tensor's type");
  for (const Type type : {Type::f32, Type::f16, Type::i8, Type::i32, Type::bf16}) {
    if (found == static_cast<uint32_t>(type)) return type;
  }
  fail(DSNET_ERROR_FORMAT, "tensor %s: expected type F32 (0), F16 (1), I8 (24), I32 (26) or BF16 (30), found %u", label.c_str(),
       found);
}

TensorInfo read_tensor(Reader& reader, std::string_view name) {
  const std::string label = quoted(name);
  const auto dimensions = reader.number<uint32_t>("a tensor's dimension count");
  if (dimensions < 1 || dimensions > kMostDimensions) {
    fail(DSNET_ERROR_FORMAT, "tensor %s: expected 1 to %u dimensions, found %u", label.c_str(), kMostDimensions, dimensions);
  }
  TensorInfo tensor = {Type::f32, {}, 1, 0};
  for (uint32_t i = 0; i < dimensions; ++i) {
    const auto extent = reader.number<uint64_t>("a tensor's shape");
    // No tensor can have more elements than a file of 2^48 bytes holds; below that the product cannot overflow.
    if (extent == 0 || extent > (uint64_t{1} << 46) / tensor.elements) {
      fail(DSNET_ERROR_FORMAT, "tensor %s: dimension %u out of range, found %" PRIu64, label.c_str(), i, extent);
    }
    tensor.shape.push_back(extent);
    tensor.elements *= extent;
  }
  tensor.type = read_tensor_type(reader, label);
  tensor.offset = reader.number<uint64_t>("a tensor's offset");
  if (tensor.offset % kAlignment != 0) {
    fail(DSNET_ERROR_FORMAT, "tensor %s: expected an offset that is a multiple of %" PRIu64 ", found %" PRIu64, label.c_str(),
         kAlignment, tensor.offset);
  }
  return tensor;
}

}  // namespace

const char* name_of(Type type) {
  switch (type) {
    case Type::f32: return "F32";
    case Type::f16: return "F16";
    case Type::i8: return "I8";
    case Type::i32: return "I32";
    case Type::bf16: return "BF16";
  }
  return "?";
}

Gguf::Gguf(const uint8_t* bytes, size_t size) {
  Reader reader(bytes, size);
  if (std::memcmp(reader.take(4, "the magic 'GGUF'"), "GGUF", 4) != 0) {
    fail(DSNET_ERROR_FORMAT, "not a GGUF file: expected 'GGUF' in its first four bytes");
  }
  const auto version = reader.number<uint32_t>("the GGUF version");
  if (version != 3) {
    fail(DSNET_ERROR_VERSION, "GGUF version: expected 3, found %u%s", version,
         version == 0x03000000 ? " (a big-endian file)" : "");
  }
  constexpr uint64_t kLeastTensor = 8 + 4 + 8 + 4 + 8, kLeastKey = 8 + 4 + 1;
  const uint64_t n_tensors = reader.count("the tensor count", kLeastTensor, kMostEntries);
  const uint64_t n_keys = reader.count("the metadata key count", kLeastKey, kMostEntries);

  for (uint64_t i = 0; i < n_keys; ++i) {
    const std::string_view key = reader.string("a metadata key");
    if (!values_.emplace(key, read_value(reader, key)).second) {
      fail(DSNET_ERROR_FORMAT, "metadata key %s appears twice", quoted(key).c_str());
    }
  }
  const uint32_t alignment = u32("general.alignment");
  if (alignment != kAlignment) {
    fail(DSNET_ERROR_FORMAT, "general.alignment: expected %" PRIu64 ", found %u", kAlignment, alignment);
  }

  std::map<std::string_view, TensorInfo> infos;
  for (uint64_t i = 0; i < n_tensors; ++i) {
    const std::string_view name = reader.string("a tensor name");
    if (!infos.emplace(name, read_tensor(reader, name)).second) {
      fail(DSNET_ERROR_FORMAT, "tensor %s appears twice", quoted(name).c_str());
    }
  }

  reader.take((kAlignment - reader.offset() % kAlignment) % kAlignment, "the padding before the tensor data");
  data_ = reader.at();
  data_bytes_ = static_cast<size_t>(reader.left());
  for (auto& [name, info] : infos) {
    const uint64_t extent = info.elements * bytes_of(info.type);
    if (info.offset > data_bytes_ || extent > data_bytes_ - info.offset) {
      fail(DSNET_ERROR_FORMAT, "truncated or damaged: tensor %s ends at byte %" PRIu64 " of the tensor data, found %zu bytes",
           quoted(name).c_str(), info.offset + extent, data_bytes_);
    }
    tensors_.emplace(name, GgufTensor{info.type, std::move(info.shape), data_ + info.offset, info.elements});
  }
}

const GgufValue& Gguf::find(std::string_view key, GgufType type, bool is_array) const {
  const auto found = values_.find(key);
  if (found == values_.end()) fail(DSNET_ERROR_FORMAT, "metadata key %s is missing", quoted(key).c_str());
  const GgufValue& value = found->second;
  if (value.type != type || value.is_array != is_array) {
    fail(DSNET_ERROR_FORMAT, "%.*s: expected %s%s, found %s%s", static_cast<int>(key.size()), key.data(), name_of(type),
         is_array ? "[]" : "", name_of(value.type), value.is_array ? "[]" : "");
  }
  return value;
}

template <class T>
std::vector<T> Gguf::numbers(std::string_view key, GgufType type) const {
  const GgufValue& value = find(key, type, true);
  std::vector<T> result(static_cast<size_t>(value.count));
  if (!result.empty()) std::memcpy(result.data(), value.data, result.size() * sizeof(T));
  return result;
}

uint32_t Gguf::u32(std::string_view key) const {
  uint32_t value;
  std::memcpy(&value, find(key, GgufType::u32, false).data, sizeof value);
  return value;
}

float Gguf::f32(std::string_view key) const {
  float value;
  std::memcpy(&value, find(key, GgufType::f32, false).data, sizeof value);
  return value;
}

std::string_view Gguf::string(std::string_view key) const {
  const GgufValue& value = find(key, GgufType::string, false);
  return Reader(value.data, static_cast<size_t>(value.end - value.data)).string("a metadata string");
}

std::vector<uint32_t> Gguf::u32s(std::string_view key) const { return numbers<uint32_t>(key, GgufType::u32); }
std::vector<int32_t> Gguf::i32s(std::string_view key) const { return numbers<int32_t>(key, GgufType::i32); }
std::vector<uint64_t> Gguf::u64s(std::string_view key) const { return numbers<uint64_t>(key, GgufType::u64); }
std::vector<float> Gguf::f32s(std::string_view key) const { return numbers<float>(key, GgufType::f32); }

std::vector<std::string_view> Gguf::strings(std::string_view key) const {
  const GgufValue& value = find(key, GgufType::string, true);
  Reader reader(value.data, static_cast<size_t>(value.end - value.data));
  std::vector<std::string_view> result(static_cast<size_t>(value.count));
  for (auto& text : result) text = reader.string("a metadata string");
  return result;
}

}  // namespace dsnet
