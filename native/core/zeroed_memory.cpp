#include <querent/zeroed_memory.h>

#include <cstdint>
#include <cstdlib>
#include <new>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace querent {
namespace {

constexpr size_t kCacheLine = 64;
constexpr size_t kHugePage = size_t{2} << 20;

}  // namespace

void ZeroedMemory::Release::operator()(void* memory) const {
  std::free(memory);
}

ZeroedMemory::ZeroedMemory(size_t bytes) {
  const size_t boundary = bytes >= kHugePage ? kHugePage : kCacheLine;
  size_t all = 0;
  if (__builtin_add_overflow(bytes, boundary, &all)) throw std::bad_alloc();
  memory_.reset(std::calloc(all, 1));
  if (!memory_) throw std::bad_alloc();
  const auto address = reinterpret_cast<uintptr_t>(memory_.get());
  data_ = static_cast<char*>(memory_.get()) + (boundary - address % boundary) % boundary;
#if defined(__linux__) && defined(MADV_HUGEPAGE)
  // Random rows of a large memory: with small pages every one of them misses the address cache as well.
  if (bytes >= kHugePage) madvise(data_, bytes / kHugePage * kHugePage, MADV_HUGEPAGE);
#endif
}

}  // namespace querent
