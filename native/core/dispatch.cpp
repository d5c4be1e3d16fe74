#include <querent/dispatch.h>

#include <atomic>
#include <cstdlib>

#include "../kernels/tables.h"

namespace querent {

namespace level_scalar {
extern const KernelTable kTable;
}
#if defined(__x86_64__) && !defined(QUERENT_ONLY_SCALAR)
namespace level_avx2 {
extern const KernelTable kTable;
}
namespace level_avx512 {
extern const KernelTable kTable;
}
#elif defined(__aarch64__) && !defined(QUERENT_ONLY_SCALAR)
namespace level_neon {
extern const KernelTable kTable;
}
#endif

namespace {

std::vector<const KernelTable*> find_levels() {
  std::vector<const KernelTable*> levels;
#if defined(__x86_64__) && !defined(QUERENT_ONLY_SCALAR)
  // These built-ins ask the operating system (XGETBV) as well as the CPU: a CPU that has AVX-512 under a system that
  // does not save its registers must not run it.
  __builtin_cpu_init();
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi") &&
                    __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("f16c") &&
                    __builtin_cpu_supports("popcnt");
  const bool avx512 = avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                      __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
                      __builtin_cpu_supports("avx512vl");
  if (avx512) levels.push_back(&level_avx512::kTable);
  if (avx2) levels.push_back(&level_avx2::kTable);
#elif defined(__aarch64__) && !defined(QUERENT_ONLY_SCALAR)
  levels.push_back(&level_neon::kTable);
#endif
  levels.push_back(&level_scalar::kTable);
  return levels;
}

const KernelTable* find(std::string_view name) {
  const auto& levels = available_levels();
  if (name == "auto") return levels.front();
  for (const KernelTable* level : levels) {
    if (name == level->level) return level;
  }
  return nullptr;
}

const KernelTable* first_choice() {
  const char* asked = std::getenv("QUERENT_LEVEL");
  const KernelTable* level = asked != nullptr ? find(asked) : nullptr;
  return level != nullptr ? level : available_levels().front();
}

std::atomic<const KernelTable*>& current() {
  static std::atomic<const KernelTable*> level{first_choice()};
  return level;
}

std::atomic<const KernelTable*> last{nullptr};

}  // namespace

const std::vector<const KernelTable*>& available_levels() {
  static const auto* levels = new std::vector<const KernelTable*>(find_levels());
  return *levels;
}

const KernelTable& current_level() {
  return *current().load(std::memory_order_relaxed);
}

bool set_level(std::string_view name) {
  const KernelTable* level = find(name);
  if (level == nullptr) return false;
  current().store(level, std::memory_order_relaxed);
  return true;
}

const char* last_level() {
  const KernelTable* level = last.load(std::memory_order_relaxed);
  return level != nullptr ? level->level : "";
}

void note_level(const KernelTable& table) {
  last.store(&table, std::memory_order_relaxed);
}

}  // namespace querent
