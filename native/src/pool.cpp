#include "pool.h"

#include <sched.h>

namespace dsnet {
namespace {

constexpr uint64_t kItems = 0xffffffff;
constexpr int kSpins =
    4096;  // some tens of microseconds: longer than the gap between two ops, shorter than that between two images

void pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

// A core that is taken away meanwhile makes no difference to the results.
void pin(int core) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(core, &set);
  sched_setaffinity(0, sizeof set, &set);
}

}  // namespace

Pool::Pool(int threads, const std::vector<int>& cores) {
  try {
    for (int i = 1; i < threads; ++i) {
      const int core = cores.empty() ? -1 : cores[static_cast<size_t>(i)];
      workers_.emplace_back([this, core] {
        if (core >= 0) pin(core);
        work();
      });
    }
  } catch (...) {
    stop();
    throw;
  }
}

Pool::~Pool() { stop(); }

void Pool::stop() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stop_ = true;
  }
  wake_.notify_all();
  for (std::thread& worker : workers_) worker.join();
}

bool Pool::take_item() noexcept {
  uint64_t ticket = ticket_.load(std::memory_order_acquire);
  while ((ticket & kItems) != 0) {
    const Task task = task_.load(std::memory_order_relaxed);
    const void* context = context_.load(std::memory_order_relaxed);
    if (!ticket_.compare_exchange_weak(ticket, ticket - 1, std::memory_order_acq_rel, std::memory_order_acquire)) continue;
    task(context, static_cast<int>((ticket & kItems) - 1));
    finished_.fetch_add(1, std::memory_order_release);
    return true;
  }
  return false;
}

void Pool::share(Task task, const void* context, int n) noexcept {
  finished_.store(0, std::memory_order_relaxed);
  task_.store(task, std::memory_order_relaxed);
  context_.store(context, std::memory_order_relaxed);
  const uint64_t job = (ticket_.load(std::memory_order_relaxed) >> 32) + 1;
  ticket_.store(job << 32 |
                static_cast<uint64_t>(n));  // sequentially consistent, as is the count of sleepers: one sees the other
  if (sleepers_.load() > 0) {
    const std::lock_guard<std::mutex> lock(mutex_);
    wake_.notify_all();
  }
  while (take_item()) {
  }
  for (int spins = 0; finished_.load(std::memory_order_acquire) != n; ++spins) {
    if (spins < kSpins) {
      pause();
    } else {
      std::this_thread::yield();  // the thread we wait for may need this core
    }
  }
}

void Pool::work() noexcept {
  for (;;) {
    for (int spins = 0; spins < kSpins; ++spins) {
      if (take_item()) spins = 0;
      if (stop_.load(std::memory_order_relaxed)) return;
      pause();
    }
    std::unique_lock<std::mutex> lock(mutex_);
    sleepers_.fetch_add(1);
    wake_.wait(lock, [this] { return stop_.load() || (ticket_.load() & kItems) != 0; });
    sleepers_.fetch_sub(1);
    if (stop_.load()) return;
  }
}

}  // namespace dsnet
