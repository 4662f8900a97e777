// Runs a function in a child process, for tests in which a training is killed or its memory is
// limited. The parent must not have run a backward pass: torch's threads do not survive a fork.
#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <functional>

namespace tuneward {

struct ChildEnd {
  int code = -1;   // what the function returned
  int signal = 0;  // > 0: killed by it
};

inline ChildEnd RunInChild(const std::function<int()>& body) {
  const pid_t child = fork();
  if (child == 0) _exit(body());
  int status = 0;
  if (child < 0 || waitpid(child, &status, 0) != child) return {};
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, WIFSIGNALED(status) ? WTERMSIG(status) : 0};
}

}  // namespace tuneward
