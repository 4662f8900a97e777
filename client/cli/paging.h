// Follows page tokens until there are `limit` things or no more pages.
#pragma once

#include <algorithm>

#include "core/base/status.h"

namespace tuneward::cli {

// `fetch(request)` gives StatusOr<Response>; `append(response)` moves its things over and returns
// how many there are now.
template <typename Request, typename Fetch, typename Append>
absl::Status FollowPages(Request request, int64_t limit, int64_t page_max, Fetch fetch,
                         Append append) {
  for (int64_t have = 0; have < limit;) {
    request.set_page_size(static_cast<int32_t>(std::min(limit - have, page_max)));
    TW_ASSIGN_OR_RETURN(auto response, fetch(request));
    have = append(response);
    if (response.next_page_token().empty()) return absl::OkStatus();
    request.set_page_token(response.next_page_token());
  }
  return absl::OkStatus();
}

}  // namespace tuneward::cli
