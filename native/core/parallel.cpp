#include <querent/parallel.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <deque>
#include <memory>
#include <mutex>
#include <new>
#include <thread>

namespace querent {
namespace {

constexpr unsigned kMostWorkers = 256;
constexpr size_t kKeptScratch = size_t{16} << 20;

class Workers {
 public:
  static Workers& get() {
    static auto* workers = new Workers;
    return *workers;
  }

  void post(std::function<void()> task, unsigned wanted) {
    {
      const std::lock_guard lock(mutex_);
      tasks_.push_back(std::move(task));
      wanted = std::min(wanted, kMostWorkers);
      while (count_ < wanted) {
        std::thread([this] { work(); }).detach();
        ++count_;
      }
    }
    ready_.notify_one();
  }

 private:
  [[noreturn]] void work() {
    std::unique_lock lock(mutex_);
    for (;;) {
      ready_.wait(lock, [this] { return !tasks_.empty(); });
      std::function<void()> task = std::move(tasks_.front());
      tasks_.pop_front();
      lock.unlock();
      task();
      task = nullptr;
      lock.lock();
    }
  }

  std::mutex mutex_;
  std::condition_variable ready_;
  std::deque<std::function<void()>> tasks_;
  unsigned count_ = 0;
};

// Shared by the caller of parallel_for and its helpers. A helper that starts after the caller has finished every block
// finds `closed` set and leaves without touching the body, which may be gone by then.
struct Loop {
  std::atomic<size_t> next{0};
  std::atomic<unsigned> active{0};
  std::atomic<bool> closed{false};
  std::atomic<bool> failed{false};
  size_t blocks = 0;
  const std::function<void(size_t)>* body = nullptr;

  void run() {
    for (;;) {
      const size_t block = next.fetch_add(1);
      if (block >= blocks) return;
      try {
        (*body)(block);
      } catch (...) {
        failed.store(true);
      }
    }
  }
};

struct Scratch {
  void* memory = nullptr;
  size_t bytes = 0;
  ~Scratch() { std::free(memory); }
};

}  // namespace

unsigned hardware_threads() {
  static const unsigned count = std::max(1u, std::thread::hardware_concurrency());
  return count;
}

void parallel_for(size_t blocks, unsigned threads, const std::function<void(size_t)>& body) {
  if (threads == 0) threads = hardware_threads();
  const unsigned helpers = unsigned(std::min<size_t>(threads, blocks));
  if (helpers <= 1) {
    for (size_t block = 0; block < blocks; ++block) body(block);
    return;
  }
  const auto loop = std::make_shared<Loop>();
  loop->blocks = blocks;
  loop->body = &body;
  for (unsigned i = 1; i < helpers; ++i) {
    Workers::get().post(
        [loop] {
          loop->active.fetch_add(1);
          if (!loop->closed.load()) loop->run();
          loop->active.fetch_sub(1);
          loop->active.notify_all();
        },
        std::max(helpers - 1, hardware_threads()));
  }
  loop->run();
  loop->closed.store(true);
  for (unsigned active = loop->active.load(); active != 0; active = loop->active.load()) loop->active.wait(active);
  if (loop->failed.load()) throw std::bad_alloc();
}

void post(std::function<void()> task) {
  Workers::get().post(std::move(task), hardware_threads());
}

void* thread_scratch(size_t bytes) {
  thread_local Scratch scratch;
  if (bytes > scratch.bytes || (scratch.bytes > kKeptScratch && bytes <= kKeptScratch)) {
    std::free(scratch.memory);
    scratch.bytes = (bytes + 63) / 64 * 64;
    scratch.memory = std::aligned_alloc(64, scratch.bytes);
    if (scratch.memory == nullptr) {
      scratch.bytes = 0;
      throw std::bad_alloc();
    }
  }
  return scratch.memory;
}

}  // namespace querent
