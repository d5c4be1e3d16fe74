// Large memory that is filled bit by bit and read at random places.
#pragma once

#include <cstddef>
#include <memory>

namespace querent {

// Zeroed memory that starts on a cache line. Pages that are never written cost nothing.
class ZeroedMemory {
 public:
  // Throws std::bad_alloc.
  explicit ZeroedMemory(size_t bytes);
  char* data() const { return data_; }

 private:
  struct Release {
    void operator()(void* memory) const;
  };
  std::unique_ptr<void, Release> memory_;
  char* data_ = nullptr;
};

}  // namespace querent
