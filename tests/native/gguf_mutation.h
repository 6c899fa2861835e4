// One random change to a GGUF file that keeps it a GGUF file, so that it gets as far as the checks of its content.
#pragma once

#include <algorithm>
#include <random>
#include <utility>

#include "gguf_parts.h"

namespace test {

class GgufMutation {
 public:
  explicit GgufMutation(uint32_t seed) : random_(seed) {}

  void apply(GgufParts& parts) {
    switch (below(10)) {
      case 0: return change_tensor(parts);
      case 1: return change_data(parts);
      case 2: return change_row(parts);
      case 3: return change_everywhere(parts);
      case 4: return swap_elements(parts);
      case 5: return change_list(parts);
      default: return change_element(parts);
    }
  }

 private:
  size_t below(size_t limit) { return limit == 0 ? 0 : random_() % limit; }

  template <class T>
  T& pick(std::vector<T>& from) {
    return from[below(from.size())];
  }

  // Small numbers, extremes, and neighbours of the old.
  uint64_t other_number(uint64_t old) {
    switch (below(8)) {
      case 0: return uint64_t{1} << below(64);
      case 1: return (uint64_t{1} << below(64)) - 1;
      case 2: return old + 1;
      case 3: return old - 1;
      case 4: return old ^ uint64_t { 1 } << below(64);
      case 5: return random_();
      default: return below(70);
    }
  }

  std::string other_bytes(const std::string& old) {
    uint64_t number = 0;
    std::memcpy(&number, old.data(), old.size());
    number = other_number(number);
    return {reinterpret_cast<const char*>(&number), old.size()};
  }

  // Any element of this type, from anywhere in the file: most names and words of a file fit elsewhere too.
  std::string borrowed(GgufParts& parts, const GgufEntry& entry, const std::string& old) {
    const GgufEntry& lender = pick(parts.entries);
    if (lender.type != entry.type || lender.elements.empty()) return old;
    return lender.elements[below(lender.elements.size())];
  }

  std::string other_element(GgufParts& parts, const GgufEntry& entry, const std::string& old) {
    if (below(2) == 0) return borrowed(parts, entry, old);
    if (entry.type != kGgufString) return other_bytes(old);
    if (below(4) == 0 || parts.tensors.empty()) return old.substr(0, below(old.size() + 1));
    return pick(parts.tensors).name;
  }

  void change_element(GgufParts& parts) {
    if (parts.entries.empty()) return;
    GgufEntry& entry = pick(parts.entries);
    if (entry.elements.empty()) return;
    std::string& element = pick(entry.elements);
    element = other_element(parts, entry, element);
  }

  // All equal elements of an entry at once, as channels and extents must agree.
  void change_everywhere(GgufParts& parts) {
    if (parts.entries.empty()) return;
    GgufEntry& entry = pick(parts.entries);
    if (entry.elements.empty()) return;
    const std::string old = pick(entry.elements), changed = other_element(parts, entry, old);
    std::replace(entry.elements.begin(), entry.elements.end(), old, changed);
  }

  void swap_elements(GgufParts& parts) {
    if (parts.entries.empty()) return;
    GgufEntry& entry = pick(parts.entries);
    if (!entry.elements.empty()) std::swap(pick(entry.elements), pick(entry.elements));
  }

  // Drops or repeats one op, value or path: the same row of all arrays that have a multiple of so many elements.
  void change_row(GgufParts& parts) {
    if (parts.entries.empty()) return;
    const size_t rows = pick(parts.entries).elements.size();
    if (rows < 2 || rows > 1000) return;
    const size_t row = below(rows);
    const bool drop = below(2) == 0;
    for (GgufEntry& entry : parts.entries) {
      if (!entry.is_array || entry.elements.empty() || entry.elements.size() % rows != 0) continue;
      const size_t width = entry.elements.size() / rows;
      const auto begin = entry.elements.begin() + static_cast<ptrdiff_t>(row * width);
      const std::vector<std::string> copied(begin, begin + static_cast<ptrdiff_t>(width));
      if (drop) {
        entry.elements.erase(begin, begin + static_cast<ptrdiff_t>(width));
      } else {
        entry.elements.insert(begin, copied.begin(), copied.end());
      }
    }
  }

  void change_tensor(GgufParts& parts) {
    if (parts.tensors.empty()) return;
    GgufTensorInfo& tensor = pick(parts.tensors);
    switch (below(4)) {
      case 0:
        if (!tensor.shape.empty()) pick(tensor.shape) = other_number(pick(tensor.shape));
        return;
      case 1: tensor.offset = below(2) == 0 ? pick(parts.tensors).offset : other_number(tensor.offset); return;
      case 2: tensor.type = static_cast<uint32_t>(below(32)); return;
      default: std::swap(tensor, pick(parts.tensors)); return;
    }
  }

  void change_data(GgufParts& parts) {
    for (size_t changes = below(8); changes > 0 && !parts.data.empty(); --changes) {
      parts.data[below(parts.data.size())] = static_cast<char>(random_());
    }
    if (below(8) == 0) parts.data.resize(below(2 * parts.data.size() + 64));
  }

  // Drops, repeats, renames or retypes a whole entry or tensor.
  void change_list(GgufParts& parts) {
    if (parts.entries.empty() || parts.tensors.empty()) return;
    GgufEntry& entry = pick(parts.entries);
    switch (below(5)) {
      case 0: parts.entries.erase(parts.entries.begin() + (&entry - parts.entries.data())); return;
      case 1: entry.key = pick(parts.entries).key; return;
      case 2: pick(parts.tensors).name = pick(parts.tensors).name; return;
      case 3: parts.tensors.erase(parts.tensors.begin() + static_cast<ptrdiff_t>(below(parts.tensors.size()))); return;
      default:
        if (!entry.elements.empty()) entry.elements.resize(below(2 * entry.elements.size()), entry.elements.front());
        return;
    }
  }

  std::minstd_rand random_;
};

}  // namespace test
