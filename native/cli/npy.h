// Reading .npy files of little-endian float32 in C order: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace dsnet::cli {

struct Array {
  std::vector<size_t> shape;
  std::vector<float> data;
};

// Throws std::runtime_error that names the file and what is wrong with it.
Array read_npy(const std::string& filename);

// The same, and the shape must be this one.
Array read_npy(const std::string& filename, const std::vector<size_t>& shape);

}  // namespace dsnet::cli
