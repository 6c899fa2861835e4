// A whole file, mapped read-only. The file must not be truncated while it is mapped: replace it by renaming.
#pragma once

#include <cstddef>
#include <cstdint>

namespace dsnet {

class Mapping {
 public:
  explicit Mapping(const char* filename);
  ~Mapping();
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;

  const uint8_t* data() const { return data_; }
  size_t size() const { return size_; }

 private:
  const uint8_t* data_ = nullptr;
  size_t size_ = 0;
};

}  // namespace dsnet
