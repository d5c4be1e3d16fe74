// The process-wide worker threads. They are started when first needed and never joined: at process exit they may still
// be inside a block, and the memory they use is leaked on purpose rather than pulled from under them.
#pragma once

#include <cstddef>
#include <functional>

namespace querent {

unsigned hardware_threads();

// Calls body(block) for every block in [0, blocks), on the calling thread and up to threads - 1 workers (0: as many as
// the machine has). Returns when all are done. Blocks run in any order; results must not depend on it. The body may
// throw std::bad_alloc only, which then reaches the caller.
void parallel_for(size_t blocks, unsigned threads, const std::function<void(size_t)>& body);

// Runs a task on a worker, in the order posted.
void post(std::function<void()> task);

// 64-byte aligned memory of the calling thread, kept between calls; the content is undefined.
void* thread_scratch(size_t bytes);

}  // namespace querent
