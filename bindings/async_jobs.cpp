#include "async_jobs.h"

#include <querent/parallel.h>

#include <condition_variable>
#include <cstring>
#include <mutex>
#include <new>
#include <unordered_map>

namespace querent {

namespace {

struct Waiting {
  Napi::Promise::Deferred deferred;
  std::vector<Napi::Reference<Napi::Value>> alive;
  Control control;

  void settle(Napi::Env env, Job& job) {
    if (job.out_of_memory) {
      Napi::Error error = Napi::Error::New(env, "querent addon: out of memory");
      error.Set("code", Napi::String::New(env, "ERR_QUERENT_MEMORY"));
      deferred.Reject(error.Value());
      return;
    }
    try {
      deferred.Resolve(job.result(env));
    } catch (const Napi::Error& error) {
      deferred.Reject(error.Value());
    }
  }
};

}  // namespace

struct JobQueue::Shared {
  std::mutex mutex;
  std::condition_variable idle;
  size_t running = 0;    // posted and not finished, under the mutex
  bool closing = false;  // under the mutex
  napi_threadsafe_function completed = nullptr;

  // JavaScript thread only
  std::unordered_map<Job*, Waiting> waiting;

  static void close(void* data) {
    auto* shared = static_cast<std::shared_ptr<Shared>*>(data);
    for (const auto& job : (*shared)->waiting) job.second.control.stop();
    {
      std::unique_lock lock((*shared)->mutex);
      (*shared)->closing = true;
      (*shared)->idle.wait(lock, [&] { return (*shared)->running == 0; });
    }
    (*shared)->waiting.clear();
    delete shared;
  }

  static void settle(napi_env raw_env, napi_value, void* context, void* data) {
    const std::unique_ptr<Job> job(static_cast<Job*>(data));
    if (raw_env == nullptr) return;  // the environment is going away; close() drops the promise
    auto* shared = static_cast<Shared*>(context);
    const Napi::Env env(raw_env);
    const Napi::HandleScope scope(env);
    auto node = shared->waiting.extract(job.get());
    if (node.empty()) return;
    if (shared->waiting.empty()) napi_unref_threadsafe_function(raw_env, shared->completed);
    // A worker thread that is being terminated refuses every call: its promises are lost, and that is all.
    try {
      node.mapped().settle(env, *job);
    } catch (const Napi::Error&) {
    }
  }
};

JobQueue::JobQueue(Napi::Env env) : shared_(std::make_shared<Shared>()) {
  const Napi::String name = Napi::String::New(env, "querent");
  const napi_status status = napi_create_threadsafe_function(env, nullptr, nullptr, name, 0, 1, nullptr, nullptr,
                                                             shared_.get(), Shared::settle, &shared_->completed);
  if (status != napi_ok) throw Napi::Error::New(env, "querent addon: no thread-safe function");
  napi_unref_threadsafe_function(env, shared_->completed);
  // Hooks run last in, first out: this one before the one that closes the thread-safe function.
  napi_add_env_cleanup_hook(env, Shared::close, new std::shared_ptr<Shared>(shared_));
}

void JobQueue::install(Napi::Env env) {
  env.SetInstanceData<JobQueue>(new JobQueue(env));
}

JobQueue& JobQueue::of(Napi::Env env) {
  return *env.GetInstanceData<JobQueue>();
}

Napi::Value JobQueue::submit(Napi::Env env, std::unique_ptr<Job> job, const std::vector<Napi::Value>& alive) {
  Waiting waiting{Napi::Promise::Deferred::New(env), {}, job->control};
  const Napi::Value promise = waiting.deferred.Promise();
  for (const Napi::Value& value : alive) waiting.alive.push_back(Napi::Persistent(value));
  if (shared_->waiting.empty()) napi_ref_threadsafe_function(env, shared_->completed);
  Job* raw = job.release();
  shared_->waiting.emplace(raw, std::move(waiting));
  {
    const std::lock_guard lock(shared_->mutex);
    ++shared_->running;
  }
  post([shared = shared_, raw] {
    bool skip = false;
    {
      const std::lock_guard lock(shared->mutex);
      skip = shared->closing;
    }
    if (!skip) {
      try {
        raw->work();
      } catch (...) {
        raw->out_of_memory = true;
      }
      skip = napi_call_threadsafe_function(shared->completed, raw, napi_tsfn_nonblocking) != napi_ok;
    }
    if (skip) delete raw;
    const std::lock_guard lock(shared->mutex);
    --shared->running;
    shared->idle.notify_all();
  });
  return promise;
}

void BlockMemory::hold(const void* data, size_t bytes, bool shared) {
  if (shared) {
    data_ = data;
  } else {
    std::memcpy(allocate(bytes), data, bytes);
  }
}

char* BlockMemory::allocate(size_t bytes) {
  copy_.reset(new (std::nothrow) char[bytes + 64]);
  if (copy_ == nullptr) throw std::bad_alloc();
  data_ = copy_.get();
  return copy_.get();
}

}  // namespace querent
