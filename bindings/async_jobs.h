// Promises that the project's own threads fulfil: no libuv slot is taken.
//
// A job has two halves. Its work runs on a worker thread and touches no JavaScript. Everything JavaScript (the promise,
// the arrays that must stay alive) is kept by its environment, on the JavaScript thread, so that an environment that
// goes away takes it along and no reference ever dies on a worker. When an environment is torn down it stops its long
// jobs and waits for all: memory that they read belongs to it.
#pragma once

#include <querent/control.h>

#include <functional>
#include <memory>
#include <vector>

#include "napi_setup.h"

namespace querent {

struct Job {
  virtual ~Job() = default;
  virtual void work() = 0;                        // worker thread
  virtual Napi::Value result(Napi::Env env) = 0;  // JavaScript thread
  Control control;  // ends a long job when its environment goes away; its words belong to a value kept alive
  bool out_of_memory = false;
};

class JobQueue {
 public:
  static void install(Napi::Env env);
  static JobQueue& of(Napi::Env env);

  // `alive`: values that the work reads.
  Napi::Value submit(Napi::Env env, std::unique_ptr<Job> job, const std::vector<Napi::Value>& alive);

  struct Shared;

 private:
  explicit JobQueue(Napi::Env env);
  std::shared_ptr<Shared> shared_;
};

// Either the caller's memory, when it is shared and cannot be detached, or a copy of it.
class BlockMemory {
 public:
  // Copies `bytes` from `data` unless `shared`.
  void hold(const void* data, size_t bytes, bool shared);
  // Room for a copy that the caller fills in.
  char* allocate(size_t bytes);
  const void* data() const { return data_; }

 private:
  std::unique_ptr<char[]> copy_;
  const void* data_ = nullptr;
};

}  // namespace querent
