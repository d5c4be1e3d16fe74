// Holding back what is written to file descriptor 2 while a library is loaded.
#pragma once

#include "napi_setup.h"

namespace querent {

// Adds holdStderr and releaseStderr.
void export_stderr(Napi::Env env, Napi::Object exports);

}  // namespace querent
