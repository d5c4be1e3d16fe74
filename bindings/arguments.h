// Positional arguments, read in order. TypeScript has already checked their meaning; sizes are checked again here,
// because a wrong one would be a read outside the caller's memory.
#pragma once

#include <querent/control.h>
#include <querent/score.h>
#include <querent/types.h>

#include <optional>

#include "napi_setup.h"

namespace querent {

// A typed array of the caller: its own address and length, so a subarray or a view on shared memory is right.
struct View {
  void* data = nullptr;
  size_t length = 0;
  napi_typedarray_type type = napi_uint8_array;
  Napi::Value value;

  size_t element_bytes() const;
};

class Arguments {
 public:
  explicit Arguments(const Napi::CallbackInfo& info) : info_(info) {}

  size_t size(const char* name);
  double number(const char* name);
  bool boolean(const char* name);
  uint64_t seed(const char* name);
  std::string text(const char* name);
  View view(const char* name);
  std::optional<View> optional_view(const char* name);
  Napi::Array array(const char* name);
  View as_view(const char* name, Napi::Value value) const;
  template <class Code>
  Code code(const char* name, int count) {
    return static_cast<Code>(checked_code(name, count));
  }
  Napi::Env env() const { return info_.Env(); }

  [[noreturn]] void fail(const std::string& message) const;

 private:
  Napi::Value next() { return info_[at_++]; }
  int checked_code(const char* name, int count);

  const Napi::CallbackInfo& info_;
  size_t at_ = 0;
};

// Checks that the view holds (rows - 1) * stride + cols elements of the dtype.
MatrixView checked_matrix(const Arguments& arguments, const View& view, Dtype dtype, size_t rows, size_t cols,
                          size_t stride);
void require_length(const Arguments& arguments, const View& view, size_t length, const char* name);
ScoresOut scores_out(const Arguments& arguments, const View& view, size_t length, const char* name);
Excluded excluded_rows(const Arguments& arguments, const std::optional<View>& view);
// Embeddings may be u8 as well; every other kernel refuses it.
MatrixView checked_embeddings(const Arguments& arguments, const View& view, Dtype dtype, size_t rows, size_t cols,
                              size_t stride);
// The two words that a running job shares with its caller; the view must be kept alive with the job.
Control checked_control(const Arguments& arguments, const View& view);
size_t checked_product(const Arguments& arguments, size_t a, size_t b);

}  // namespace querent
