#include "score_arguments.h"
#include "stderr_binding.h"

namespace {

Napi::Object init(Napi::Env env, Napi::Object exports) {
  querent::JobQueue::install(env);
  exports.Set("version", Napi::String::New(env, QUERENT_VERSION));
  querent::export_runtime(env, exports);
  querent::export_score(env, exports);
  querent::export_passes(env, exports);
  querent::export_top_k(env, exports);
  querent::export_select(env, exports);
  querent::export_batch_bald(env, exports);
  querent::export_similarity(env, exports);
  querent::export_tsne(env, exports);
  querent::export_stderr(env, exports);
  querent::export_replay(env, exports);
  return exports;
}

}  // namespace

NODE_API_MODULE(querent, init)
