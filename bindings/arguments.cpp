#include "arguments.h"

#include <cmath>

namespace querent {

size_t View::element_bytes() const {
  switch (type) {
    case napi_float64_array:
    case napi_bigint64_array:
    case napi_biguint64_array:
      return 8;
    case napi_float32_array:
    case napi_int32_array:
    case napi_uint32_array:
      return 4;
    case napi_int16_array:
    case napi_uint16_array:
      return 2;
    default:
      return 1;
  }
}

void Arguments::fail(const std::string& message) const {
  Napi::Error error = Napi::TypeError::New(env(), "querent addon: " + message);
  error.Set("code", Napi::String::New(env(), "ERR_QUERENT_ADDON"));
  throw error;
}

size_t Arguments::size(const char* name) {
  const double value = number(name);
  if (!(value >= 0) || value != std::floor(value) || value > 9007199254740991.0) {
    fail(std::string(name) + " is not a size");
  }
  return size_t(value);
}

double Arguments::number(const char* name) {
  const Napi::Value value = next();
  if (!value.IsNumber()) fail(std::string(name) + " is not a number");
  return value.As<Napi::Number>().DoubleValue();
}

bool Arguments::boolean(const char* name) {
  const Napi::Value value = next();
  if (!value.IsBoolean()) fail(std::string(name) + " is not a boolean");
  return value.As<Napi::Boolean>().Value();
}

uint64_t Arguments::seed(const char* name) {
  const Napi::Value value = next();
  if (!value.IsBigInt()) fail(std::string(name) + " is not a bigint");
  bool lossless = false;
  const uint64_t seed = value.As<Napi::BigInt>().Uint64Value(&lossless);
  if (!lossless) fail(std::string(name) + " does not fit 64 bits");
  return seed;
}

std::string Arguments::text(const char* name) {
  const Napi::Value value = next();
  if (!value.IsString()) fail(std::string(name) + " is not a string");
  return value.As<Napi::String>().Utf8Value();
}

Napi::Array Arguments::array(const char* name) {
  const Napi::Value value = next();
  if (!value.IsArray()) fail(std::string(name) + " is not an array");
  return value.As<Napi::Array>();
}

View Arguments::view(const char* name) {
  return as_view(name, next());
}

View Arguments::as_view(const char* name, Napi::Value value) const {
  if (!value.IsTypedArray()) fail(std::string(name) + " is not a typed array");
  View view;
  view.value = value;
  const napi_status status =
      napi_get_typedarray_info(env(), value, &view.type, &view.length, &view.data, nullptr, nullptr);
  if (status != napi_ok) fail(std::string(name) + " is not a readable typed array");
  return view;
}

std::optional<View> Arguments::optional_view(const char* name) {
  const Napi::Value value = info_[at_];
  if (value.IsNull() || value.IsUndefined()) {
    ++at_;
    return std::nullopt;
  }
  return view(name);
}

int Arguments::checked_code(const char* name, int count) {
  const size_t value = size(name);
  if (value >= size_t(count)) fail(std::string(name) + " is not a known code");
  return int(value);
}

size_t checked_product(const Arguments& arguments, size_t a, size_t b) {
  size_t product = 0;
  if (__builtin_mul_overflow(a, b, &product)) arguments.fail("sizes overflow");
  return product;
}

void require_length(const Arguments& arguments, const View& view, size_t length, const char* name) {
  if (view.length < length) {
    arguments.fail(std::string(name) + " holds " + std::to_string(view.length) + " elements, needs " +
                   std::to_string(length));
  }
}

namespace {

napi_typedarray_type array_of(Dtype dtype) {
  switch (dtype) {
    case Dtype::f32:
      return napi_float32_array;
    case Dtype::f64:
      return napi_float64_array;
    case Dtype::u8:
      return napi_uint8_array;
    default:
      return napi_uint16_array;
  }
}

}  // namespace

MatrixView checked_embeddings(const Arguments& arguments, const View& view, Dtype dtype, size_t rows, size_t cols,
                              size_t stride) {
  if (view.type != array_of(dtype)) arguments.fail("data does not hold the dtype");
  if (cols == 0 || cols > (size_t{1} << 24)) arguments.fail("cols must be 1 to 2^24");
  if (stride < cols) arguments.fail("stride is below cols");
  if (rows > 0xfffffffeu) arguments.fail("rows must be below 2^32 - 1");
  if (rows > 0) require_length(arguments, view, checked_product(arguments, rows - 1, stride) + cols, "data");
  return {view.data, dtype, rows, cols, stride};
}

MatrixView checked_matrix(const Arguments& arguments, const View& view, Dtype dtype, size_t rows, size_t cols,
                          size_t stride) {
  if (dtype == Dtype::u8) arguments.fail("u8 is not a type of predictions");
  return checked_embeddings(arguments, view, dtype, rows, cols, stride);
}

Control checked_control(const Arguments& arguments, const View& view) {
  if (view.type != napi_int32_array || view.length < 2) arguments.fail("control is not an Int32Array of two words");
  return Control(static_cast<int32_t*>(view.data));
}

ScoresOut scores_out(const Arguments& arguments, const View& view, size_t length, const char* name) {
  if (view.type != napi_float32_array && view.type != napi_float64_array) {
    arguments.fail(std::string(name) + " is neither a Float32Array nor a Float64Array");
  }
  require_length(arguments, view, length, name);
  return {view.data, view.type == napi_float64_array};
}

Excluded excluded_rows(const Arguments& arguments, const std::optional<View>& view) {
  if (!view) return {};
  if (view->type != napi_uint32_array) arguments.fail("exclude is not a Uint32Array");
  return {static_cast<const uint32_t*>(view->data), view->length};
}

}  // namespace querent
