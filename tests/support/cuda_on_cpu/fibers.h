// Fibers in lock step on the calling thread: all run to their next Wait, then all go on. One set at
// a time in a process.
#pragma once

#include <functional>

namespace tuneward::fibers {

// Runs `body` in `count` fibers until all have returned; `enter` is called with a fiber's number
// each time before it goes on. Ends the process when some wait and others have returned: a barrier
// that not all threads of a block reach.
void Run(int count, const std::function<void(int)>& enter, const std::function<void()>& body);

// Until every other fiber waits too.
void Wait();

}  // namespace tuneward::fibers
