// How the work of one op is cut into items: for the caches, and for the threads.
#pragma once

#include <algorithm>
#include <cstdint>

#include "kernels.h"

namespace dsnet {

// `size` cut into parts of `step`, the last one shorter.
struct Parts {
  int size, step;

  int count() const { return (size + step - 1) / step; }
  Range operator[](int i) const { return {i * step, std::min(size, (i + 1) * step)}; }
};

// `size` cut into about `count` equal parts, each but the last a multiple of `unit`.
inline Parts cut(int size, int count, int unit) {
  const int units = (size + unit - 1) / unit;
  const int parts = std::clamp(count, 1, units);
  return {size, (units + parts - 1) / parts * unit};
}

// Parts for the threads: several a thread, so that a thread that was held up does not hold up the rest; one where the op is
// too small to be worth waking anybody. `work` is in vector operations, roughly.
inline int parts_for(int threads, double work) {
  constexpr double kLeastWork = 4096;
  constexpr int kPerThread = 4;
  if (threads == 1 || work < kLeastWork) return 1;
  return static_cast<int>(std::min<double>(threads * kPerThread, work / kLeastWork));
}

struct GemmSplit {
  Parts rows, panels;

  int count() const { return rows.count() * panels.count(); }
  Range rows_of(int i) const { return rows[i / panels.count()]; }
  Range panels_of(int i) const { return panels[i % panels.count()]; }
};

// Rows are cut first so that a block of inputs stays in the L2 cache while all panels pass over it (in L1, where the panels
// are so few that they stay there as well); then panels for the threads, and rows again if panels are too few.
template <class Table>
GemmSplit split_gemm(int rows, int k, int panels, const Table& kernels, int threads, int element_bytes = 4) {
  constexpr int64_t kSmallWeights = 16 << 10, kL1Block = 24 << 10, kL2Block = 512 << 10;
  const int64_t weight_bytes = int64_t{k} * panels * kPanel * element_bytes, input_bytes = int64_t{k} * rows * element_bytes;
  const int64_t block = weight_bytes <= kSmallWeights && panels > kernels.tile_panels ? kL1Block : kL2Block;
  const int blocks = static_cast<int>((input_bytes + block - 1) / block);
  const int wanted = parts_for(threads, double(rows) * k * panels * element_bytes / 4);
  const Parts by_panel = cut(panels, (wanted + blocks - 1) / blocks, kernels.tile_panels);
  const int row_parts = std::max(blocks, (wanted + by_panel.count() - 1) / by_panel.count());
  return {cut(rows, row_parts, 2 * kernels.tile_rows), by_panel};
}

}  // namespace dsnet
