// One answer of a model as it is made.
#pragma once

#include <functional>
#include <string>

#include "client/client.h"

namespace tuneward::client {

struct StreamedAnswer {
  std::string text;                    // all of it
  v1::StreamChatCompleteResponse end;  // the stream's last message: reason and counts
};

// `on_text` is told each piece, which ends with a whole character. Asks again where that is safe,
// as long as nothing was told; afterwards a stream that breaks is an error.
absl::StatusOr<StreamedAnswer> StreamChat(Client& client, const v1::ChatCompleteRequest& request,
                                          const std::function<void(const std::string&)>& on_text);

}  // namespace tuneward::client
