// A pool of threads that share out the items of one job at a time, the calling thread among them. Which thread takes which
// item is left to chance, so items must write disjoint memory and not depend on each other.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>
#include <vector>

namespace dsnet {

class Pool {
 public:
  // `threads` counts the caller: 1 starts none. The others are pinned to cores[1], cores[2] ..., unless there are no cores.
  explicit Pool(int threads, const std::vector<int>& cores = {});
  ~Pool();
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  int threads() const { return static_cast<int>(workers_.size()) + 1; }

  // Calls body(0) .. body(n - 1), in any order and on any thread, and returns when all have returned. Allocates nothing.
  template <class Body>
  void run(int n, const Body& body) noexcept {
    if (workers_.empty() || n <= 1) {
      for (int i = 0; i < n; ++i) body(i);
      return;
    }
    share([](const void* context, int i) { (*static_cast<const Body*>(context))(i); }, &body, n);
  }

 private:
  using Task = void (*)(const void* context, int item);

  void share(Task task, const void* context, int n) noexcept;
  bool take_item() noexcept;
  void work() noexcept;
  void stop();

  // The job's number in the upper half, the items not yet taken in the lower. An item is taken by exchanging this word, so a
  // late thread cannot take one of a later job with the task of an earlier: the task changes only when no item is left.
  std::atomic<uint64_t> ticket_{0};
  std::atomic<Task> task_{nullptr};
  std::atomic<const void*> context_{nullptr};
  std::atomic<int> finished_{0};

  std::atomic<int> sleepers_{0};
  std::atomic<bool> stop_{false};
  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<std::thread> workers_;
};

}  // namespace dsnet
