// Rows of embeddings as arguments, and vectors as results: what the selection and distance bindings share.
#pragma once

#include <algorithm>
#include <vector>

#include "score_arguments.h"

namespace querent {

// Rows in memory that a job keeps alive by the view's value.
struct Points {
  View view;
  MatrixView matrix{};
};

// data, dtype, rows, cols, stride; `view` is data.
inline Points points(Arguments& arguments, View view) {
  Points p{std::move(view), {}};
  const auto dtype = arguments.code<Dtype>("dtype", 5);
  const size_t rows = arguments.size("rows");
  const size_t cols = arguments.size("cols");
  const size_t stride = arguments.size("stride");
  p.matrix = checked_embeddings(arguments, p.view, dtype, rows, cols, stride);
  return p;
}

template <class Array, class T>
Array typed_array(Napi::Env env, const std::vector<T>& values) {
  Array array = Array::New(env, values.size());
  std::copy(values.begin(), values.end(), array.Data());
  return array;
}

}  // namespace querent
