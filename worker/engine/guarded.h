// The border where torch's exceptions become statuses.
#pragma once

#include <new>

#include <c10/util/Exception.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/status.h"

namespace tuneward {

// `what`: what was being done, for the message. `body` returns a Status or a StatusOr.
template <typename F>
auto Guarded(const char* what, F&& body) -> decltype(body()) {
  try {
    return body();
  } catch (const c10::OutOfMemoryError& error) {
    return absl::ResourceExhaustedError(
        absl::StrCat(what, ": out of memory: ", error.what_without_backtrace()));
  } catch (const std::bad_alloc&) {
    return absl::ResourceExhaustedError(absl::StrCat(what, ": out of memory"));
  } catch (const c10::Error& error) {
    // The CPU's allocator has no type of its own for this.
    if (absl::StrContains(error.what_without_backtrace(), "can't allocate memory"))
      return absl::ResourceExhaustedError(
          absl::StrCat(what, ": out of memory: ", error.what_without_backtrace()));
    return absl::InternalError(absl::StrCat(what, ": ", error.what_without_backtrace()));
  }
}

}  // namespace tuneward
