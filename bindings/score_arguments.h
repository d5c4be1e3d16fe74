// The run of arguments that every scoring function starts with, read once.
#pragma once

#include "../native/kernels/tables.h"
#include "arguments.h"
#include "async_jobs.h"

namespace querent {

struct ScoreInput {
  View view;
  MatrixView matrix;
  ScoreSpec spec;
};

// dtype, rows, cols, stride, method, from, kind, normalize, tolerance
inline ScoreInput score_input(Arguments& arguments, View view) {
  ScoreInput input{std::move(view), {}, {}};
  const auto dtype = arguments.code<Dtype>("dtype", 4);
  const size_t rows = arguments.size("rows");
  const size_t cols = arguments.size("cols");
  const size_t stride = arguments.size("stride");
  input.matrix = checked_matrix(arguments, input.view, dtype, rows, cols, stride);
  input.spec.method = arguments.code<Method>("method", 3);
  input.spec.from = arguments.code<From>("from", 2);
  input.spec.kind = arguments.code<Kind>("kind", 2);
  input.spec.normalize = arguments.code<Normalize>("normalize", 3);
  input.spec.tolerance = arguments.number("tolerance");
  return input;
}

// For a job: keeps the rows readable until it is done, by reference or by copy.
inline MatrixView hold_matrix(const ScoreInput& input, bool shared, BlockMemory& memory) {
  MatrixView held = input.matrix;
  const size_t elements = held.rows == 0 ? 0 : (held.rows - 1) * held.stride + held.cols;
  memory.hold(held.data, elements * dtype_bytes(held.dtype), shared);
  held.data = memory.data();
  return held;
}

void export_score(Napi::Env env, Napi::Object exports);
void export_passes(Napi::Env env, Napi::Object exports);
void export_top_k(Napi::Env env, Napi::Object exports);
void export_select(Napi::Env env, Napi::Object exports);
void export_replay(Napi::Env env, Napi::Object exports);
void export_batch_bald(Napi::Env env, Napi::Object exports);
void export_similarity(Napi::Env env, Napi::Object exports);
void export_tsne(Napi::Env env, Napi::Object exports);
void export_runtime(Napi::Env env, Napi::Object exports);

}  // namespace querent
