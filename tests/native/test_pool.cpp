// The thread pool: every item once, whatever the number of threads, jobs back to back and jobs after a sleep.
#include <array>
#include <chrono>
#include <thread>

#include "check.h"
#include "pool.h"

int main() {
  for (const int threads : {1, 2, 3, 8}) {
    dsnet::Pool pool(threads);
    CHECK(pool.threads() == threads);
    std::array<std::atomic<int>, 300> visits = {};
    for (int job = 0; job < 3000; ++job) {
      const int n = job % 300;
      for (auto& visit : visits) visit.store(0, std::memory_order_relaxed);
      pool.run(n, [&](int i) { visits[static_cast<size_t>(i)].fetch_add(1); });
      bool once = true;
      for (int i = 0; i < 300; ++i) once = once && visits[static_cast<size_t>(i)] == (i < n ? 1 : 0);
      CHECK(once);
      if (job % 500 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(5));  // long enough for the workers to sleep
    }
  }
  for (int i = 0; i < 50; ++i) {
    const dsnet::Pool idle(4);  // started and stopped without a job
    CHECK(idle.threads() == 4);
  }
  return check::report("pool");
}
