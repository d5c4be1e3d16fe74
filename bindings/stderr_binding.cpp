#include "stderr_binding.h"

#include <cstdio>
#include <mutex>
#include <string>

#if !defined(_WIN32)
#include <fcntl.h>
#include <unistd.h>

#include <csignal>
#endif

namespace querent {
namespace {

#if defined(_WIN32)

bool hold() {
  return false;
}
std::string release() {
  return {};
}

#else

// Signals by which a library that cannot run here ends the process; what it wrote before must still be seen.
constexpr int kFatal[] = {SIGABRT, SIGILL, SIGSEGV, SIGBUS, SIGFPE};

std::mutex mutex;  // worker threads may load at the same time; only one of them holds
std::FILE* file = nullptr;
int saved = -1;  // the real stderr
struct sigaction previous[std::size(kFatal)];

// Only calls that are allowed in a signal handler.
void give_back() {
  dup2(saved, STDERR_FILENO);
}

extern "C" void querent_on_fatal(int signal) {
  give_back();
  char buffer[4096];
  const int source = fileno(file);
  lseek(source, 0, SEEK_SET);
  for (ssize_t n; (n = read(source, buffer, sizeof buffer)) > 0;) {
    if (write(STDERR_FILENO, buffer, static_cast<size_t>(n)) < 0) break;
  }
  for (size_t i = 0; i < std::size(kFatal); ++i) sigaction(kFatal[i], &previous[i], nullptr);
  raise(signal);
}

bool hold() {
  const std::lock_guard<std::mutex> lock(mutex);
  if (file != nullptr) return false;
  std::FILE* fresh = std::tmpfile();
  if (fresh == nullptr) return false;
  const int real = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
  if (real < 0) {
    std::fclose(fresh);
    return false;
  }
  std::fflush(stderr);
  file = fresh;
  saved = real;
  struct sigaction action = {};
  action.sa_handler = querent_on_fatal;
  sigemptyset(&action.sa_mask);
  for (size_t i = 0; i < std::size(kFatal); ++i) sigaction(kFatal[i], &action, &previous[i]);
  dup2(fileno(fresh), STDERR_FILENO);
  return true;
}

std::string release() {
  const std::lock_guard<std::mutex> lock(mutex);
  std::string text;
  if (file == nullptr) return text;
  std::fflush(stderr);
  give_back();
  for (size_t i = 0; i < std::size(kFatal); ++i) sigaction(kFatal[i], &previous[i], nullptr);
  char buffer[4096];
  const int source = fileno(file);
  lseek(source, 0, SEEK_SET);
  for (ssize_t n; (n = read(source, buffer, sizeof buffer)) > 0;) text.append(buffer, static_cast<size_t>(n));
  close(saved);
  std::fclose(file);
  file = nullptr;
  saved = -1;
  return text;
}

#endif

}  // namespace

void export_stderr(Napi::Env env, Napi::Object exports) {
  // holdStderr(): boolean
  exports.Set("holdStderr", Napi::Function::New(env, [](const Napi::CallbackInfo& info) {
                return Napi::Boolean::New(info.Env(), hold());
              }));
  // releaseStderr(): string
  exports.Set("releaseStderr", Napi::Function::New(env, [](const Napi::CallbackInfo& info) {
                return Napi::String::New(info.Env(), release());
              }));
}

}  // namespace querent
