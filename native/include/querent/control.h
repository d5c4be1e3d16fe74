// What a running call and its caller share: two 32-bit words that outlive the call.
#pragma once

#include <cstddef>
#include <cstdint>

namespace querent {

class Control {
 public:
  // words[0]: set by the caller to stop; words[1]: units done, written by the call. Null: nobody watches.
  explicit Control(int32_t* words = nullptr) : words_(words) {}

  bool stopped() const { return words_ != nullptr && __atomic_load_n(&words_[0], __ATOMIC_RELAXED) != 0; }
  void stop() const {
    if (words_ != nullptr) __atomic_store_n(&words_[0], 1, __ATOMIC_RELAXED);
  }
  void done(size_t units) const {
    if (words_ != nullptr) __atomic_store_n(&words_[1], int32_t(units), __ATOMIC_RELAXED);
  }

 private:
  int32_t* words_;
};

}  // namespace querent
