#include "tests/support/cuda_on_cpu/fibers.h"

#include <ucontext.h>

#include <cstdio>
#include <cstdlib>
#include <vector>

namespace tuneward::fibers {
namespace {

constexpr size_t kStack = size_t{64} << 10;

struct Fiber {
  ucontext_t context;
  std::vector<char> stack = std::vector<char>(kStack);
  bool returned = false;
};

struct Set {
  ucontext_t scheduler;
  std::vector<Fiber> fibers;
  Fiber* current = nullptr;
  const std::function<void()>* body = nullptr;
};

Set& TheSet() {
  static Set set;
  return set;
}

void Main() {
  Set& set = TheSet();
  (*set.body)();
  set.current->returned = true;  // and on to the scheduler, which uc_link names
}

}  // namespace

void Run(int count, const std::function<void(int)>& enter, const std::function<void()>& body) {
  Set& set = TheSet();
  set.body = &body;
  if (set.fibers.size() != static_cast<size_t>(count)) set.fibers = std::vector<Fiber>(count);
  for (Fiber& fiber : set.fibers) {
    getcontext(&fiber.context);
    fiber.context.uc_stack.ss_sp = fiber.stack.data();
    fiber.context.uc_stack.ss_size = fiber.stack.size();
    fiber.context.uc_link = &set.scheduler;
    fiber.returned = false;
    makecontext(&fiber.context, Main, 0);
  }
  for (int returned = 0; returned < count;) {
    if (returned > 0) {
      std::fprintf(stderr, "%d of %d threads returned while the others wait\n", returned, count);
      std::abort();
    }
    for (int i = 0; i < count; ++i) {
      set.current = &set.fibers[i];
      enter(i);
      swapcontext(&set.scheduler, &set.current->context);
      returned += set.current->returned ? 1 : 0;
    }
  }
}

void Wait() {
  Set& set = TheSet();
  swapcontext(&set.current->context, &set.scheduler);
}

}  // namespace tuneward::fibers
