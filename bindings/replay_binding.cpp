#include <querent/replay.h>

#include <new>

#include "score_arguments.h"

namespace querent {
namespace {

// Memory that JavaScript does not see is reported to it in steps of this many bytes.
constexpr size_t kReportStep = size_t{1} << 20;

std::optional<ReplayWindows> replay_windows(Arguments& arguments, const std::vector<ReplayField>& fields) {
  ReplayWindows windows{};
  const size_t steps = arguments.size("steps");
  windows.discount = arguments.number("discount");
  windows.reward = arguments.size("reward");
  windows.reward_number = arguments.code<ReplayNumber>("rewardNumber", 2);
  windows.done = arguments.size("done");
  windows.done_number = arguments.code<ReplayNumber>("doneNumber", 3);
  const double cut = arguments.number("cut");
  windows.cut_number = arguments.code<ReplayNumber>("cutNumber", 3);
  const View last = arguments.view("last");
  if (steps == 0) return std::nullopt;
  if (steps > 0xffffffffu) arguments.fail("steps is out of range");
  windows.steps = uint32_t(steps);
  if (cut >= 0) windows.cut = size_t(cut);
  const auto check = [&](size_t field, ReplayNumber number) {
    const size_t width = number == ReplayNumber::f32 ? 4 : number == ReplayNumber::f64 ? 8 : 1;
    if (field >= fields.size() || fields[field].bytes % width != 0) arguments.fail("no such field of numbers");
  };
  check(windows.reward, windows.reward_number);
  check(windows.done, windows.done_number);
  if (windows.cut) check(*windows.cut, windows.cut_number);
  if (last.type != napi_uint8_array) arguments.fail("last is not a Uint8Array");
  require_length(arguments, last, fields.size(), "last");
  const auto* flags = static_cast<const uint8_t*>(last.data);
  windows.last.assign(flags, flags + fields.size());
  return windows;
}

// (capacity, fieldBytes, seed, prioritized, alpha, epsilon, steps, …, last)
ReplaySpec replay_spec(Arguments& arguments) {
  ReplaySpec spec{};
  spec.capacity = arguments.size("capacity");
  if (spec.capacity == 0 || spec.capacity > 0xfffffffeu) arguments.fail("capacity is out of range");
  const View bytes = arguments.view("fieldBytes");
  if (bytes.type != napi_float64_array || bytes.length == 0) arguments.fail("fieldBytes is not a Float64Array");
  for (size_t f = 0; f < bytes.length; ++f) {
    const double count = static_cast<const double*>(bytes.data)[f];
    if (!(count >= 1 && count <= 0x1p40)) arguments.fail("fieldBytes is out of range");
    spec.fields.push_back({size_t(count)});
  }
  spec.seed = arguments.seed("seed");
  const bool prioritized = arguments.boolean("prioritized");
  const double alpha = arguments.number("alpha");
  const double epsilon = arguments.number("epsilon");
  if (prioritized) spec.priorities = {alpha, epsilon};
  spec.windows = replay_windows(arguments, spec.fields);
  return spec;
}

class ReplayBinding : public Napi::ObjectWrap<ReplayBinding> {
 public:
  static Napi::Function define(Napi::Env env) {
    return DefineClass(
        env, "ReplayStore",
        {InstanceMethod<&ReplayBinding::guarded<&ReplayBinding::add>>("add"),
         InstanceMethod<&ReplayBinding::guarded<&ReplayBinding::set_priorities>>("setPriorities"),
         InstanceMethod<&ReplayBinding::guarded<&ReplayBinding::sample>>("sample"),
         InstanceMethod<&ReplayBinding::state>("state"), InstanceMethod<&ReplayBinding::read_rows>("readRows"),
         InstanceMethod<&ReplayBinding::write_rows>("writeRows"),
         InstanceMethod<&ReplayBinding::read_priorities>("readPriorities"),
         InstanceMethod<&ReplayBinding::write_priorities>("writePriorities"),
         InstanceMethod<&ReplayBinding::restore>("restore")});
  }

  explicit ReplayBinding(const Napi::CallbackInfo& info) : Napi::ObjectWrap<ReplayBinding>(info) {
    Arguments arguments(info);
    try {
      store_.emplace(replay_spec(arguments));
    } catch (const std::bad_alloc&) {
      throw out_of_memory(info.Env());
    }
  }

  void Finalize(Napi::Env env) override { Napi::MemoryManagement::AdjustExternalMemory(env, -int64_t(reported_)); }

 private:
  static Napi::Error out_of_memory(Napi::Env env) {
    Napi::Error error = Napi::Error::New(env, "querent: not enough memory for the replay buffer");
    error.Set("code", Napi::String::New(env, "ERR_QUERENT_MEMORY"));
    return error;
  }

  template <Napi::Value (ReplayBinding::*method)(const Napi::CallbackInfo&)>
  Napi::Value guarded(const Napi::CallbackInfo& info) {
    try {
      return (this->*method)(info);
    } catch (const std::bad_alloc&) {
      throw out_of_memory(info.Env());
    }
  }

  void report_memory(Napi::Env env) {
    const size_t used = store_->used_bytes();
    if (used < reported_ + kReportStep) return;
    Napi::MemoryManagement::AdjustExternalMemory(env, int64_t(used - reported_));
    reported_ = used;
  }

  // One typed array per field, each of `rows` rows.
  const std::vector<void*>& columns(Arguments& arguments, size_t rows) {
    const Napi::Array arrays = arguments.array("columns");
    const auto& fields = store_->spec().fields;
    if (arrays.Length() != fields.size()) arguments.fail("columns does not hold one array per field");
    columns_.resize(fields.size());
    for (uint32_t f = 0; f < fields.size(); ++f) {
      const View view = arguments.as_view("columns", arrays.Get(f));
      const size_t bytes = checked_product(arguments, rows, fields[f].bytes);
      if (view.length * view.element_bytes() < bytes) arguments.fail("columns holds an array that is too short");
      columns_[f] = view.data;
    }
    return columns_;
  }

  // add(rows, columns): number
  Napi::Value add(const Napi::CallbackInfo& info) {
    Arguments arguments(info);
    const size_t rows = arguments.size("rows");
    const uint32_t first = store_->add(rows, columns(arguments, rows).data());
    report_memory(info.Env());
    return Napi::Number::New(info.Env(), first);
  }

  // setPriorities(indices, priorities): number
  Napi::Value set_priorities(const Napi::CallbackInfo& info) {
    Arguments arguments(info);
    if (!store_->spec().priorities) arguments.fail("the store has no priorities");
    const View indices = arguments.view("indices");
    const View given = arguments.view("priorities");
    if (indices.type != napi_uint32_array) arguments.fail("indices is not a Uint32Array");
    const size_t n = indices.length;
    const ScoresOut priorities = scores_out(arguments, given, n, "priorities");
    const double* values = static_cast<const double*>(priorities.data);
    if (!priorities.is_double) {
      const auto* singles = static_cast<const float*>(priorities.data);
      widened_.assign(singles, singles + n);
      values = widened_.data();
    }
    const int64_t wrong = store_->set_priorities(static_cast<const uint32_t*>(indices.data), values, n);
    return Napi::Number::New(info.Env(), double(wrong));
  }

  // sample(beta, outIndices, outWeights, columns, outDiscounts): boolean
  Napi::Value sample(const Napi::CallbackInfo& info) {
    Arguments arguments(info);
    const double beta = arguments.number("beta");
    const View indices = arguments.view("outIndices");
    if (indices.type != napi_uint32_array) arguments.fail("outIndices is not a Uint32Array");
    const size_t n = indices.length;
    float* weights = optional_floats(arguments, "outWeights", n, bool(store_->spec().priorities));
    void* const* out = columns(arguments, n).data();
    float* discounts = optional_floats(arguments, "outDiscounts", n, bool(store_->spec().windows));
    const bool drawn = store_->sample(n, beta, static_cast<uint32_t*>(indices.data), weights, out, discounts);
    return Napi::Boolean::New(info.Env(), drawn);
  }

  static float* optional_floats(Arguments& arguments, const char* name, size_t n, bool is_wanted) {
    const std::optional<View> view = arguments.optional_view(name);
    if (!is_wanted) return nullptr;
    if (!view || view->type != napi_float32_array) arguments.fail(std::string(name) + " is not a Float32Array");
    require_length(arguments, *view, n, name);
    return static_cast<float*>(view->data);
  }

  // state(): {size, next, samples, largest}
  Napi::Value state(const Napi::CallbackInfo& info) {
    const ReplayState& state = store_->state();
    Napi::Object answer = Napi::Object::New(info.Env());
    answer.Set("size", Napi::Number::New(info.Env(), double(state.size)));
    answer.Set("next", Napi::Number::New(info.Env(), double(state.next)));
    answer.Set("samples", Napi::Number::New(info.Env(), double(state.samples)));
    answer.Set("largest", Napi::Number::New(info.Env(), state.largest));
    return answer;
  }

  // The rows [first, first + count) of the ring that an array of `unit` bytes a row is for.
  struct Range {
    View view;
    size_t first;
    size_t count;
  };
  Range range(Arguments& arguments, napi_typedarray_type type, size_t unit) {
    Range range{};
    range.first = arguments.size("first");
    range.count = arguments.size("count");
    range.view = arguments.view("block");
    const size_t capacity = store_->spec().capacity;
    if (range.first > capacity || range.count > capacity - range.first) arguments.fail("no such rows");
    if (range.view.type != type) arguments.fail("block is of another type");
    require_length(arguments, range.view, range.count * unit, "block");
    return range;
  }
  Range row_range(Arguments& arguments) { return range(arguments, napi_uint8_array, store_->row_bytes()); }
  Range priority_range(Arguments& arguments) {
    if (!store_->spec().priorities) arguments.fail("the store has no priorities");
    return range(arguments, napi_float64_array, 1);
  }

  // readRows(first, count, block): void, and so on
  Napi::Value read_rows(const Napi::CallbackInfo& info) {
    Arguments arguments(info);
    const Range rows = row_range(arguments);
    store_->read_rows(rows.first, rows.count, static_cast<char*>(rows.view.data));
    return info.Env().Undefined();
  }
  Napi::Value write_rows(const Napi::CallbackInfo& info) {
    Arguments arguments(info);
    const Range rows = row_range(arguments);
    store_->write_rows(rows.first, rows.count, static_cast<const char*>(rows.view.data));
    return info.Env().Undefined();
  }
  Napi::Value read_priorities(const Napi::CallbackInfo& info) {
    Arguments arguments(info);
    const Range rows = priority_range(arguments);
    store_->read_priorities(rows.first, rows.count, static_cast<double*>(rows.view.data));
    return info.Env().Undefined();
  }
  Napi::Value write_priorities(const Napi::CallbackInfo& info) {
    Arguments arguments(info);
    const Range rows = priority_range(arguments);
    store_->write_priorities(rows.first, rows.count, static_cast<const double*>(rows.view.data));
    return info.Env().Undefined();
  }

  // restore(size, next, samples, largest): number
  Napi::Value restore(const Napi::CallbackInfo& info) {
    Arguments arguments(info);
    ReplayState state{};
    state.size = arguments.size("size");
    state.next = arguments.size("next");
    state.samples = arguments.size("samples");
    state.largest = arguments.number("largest");
    const size_t capacity = store_->spec().capacity;
    if (state.size > capacity || state.next >= capacity || (state.size < capacity && state.next != state.size)) {
      arguments.fail("size and next do not fit the capacity");
    }
    const int64_t wrong = store_->restore(state);
    report_memory(info.Env());
    return Napi::Number::New(info.Env(), double(wrong));
  }

  std::optional<ReplayStore> store_;
  std::vector<void*> columns_;
  std::vector<double> widened_;
  size_t reported_ = 0;
};

}  // namespace

void export_replay(Napi::Env env, Napi::Object exports) {
  exports.Set("ReplayStore", ReplayBinding::define(env));
}

}  // namespace querent
