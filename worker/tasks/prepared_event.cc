#include "worker/tasks/prepared_event.h"

#include <fmt/core.h>

namespace tuneward {
namespace {

Json CountsJson(const MaterializeCounts& counts) {
  return {{"rows", counts.rows},       {"tokens", counts.tokens},
          {"targets", counts.targets}, {"truncated", counts.truncated},
          {"dropped", counts.dropped}, {"unknown", counts.unknown}};
}

}  // namespace

JobEvent PreparedEvent(const MaterializedRows& rows) {
  const MaterializeCounts& user = rows.user;
  JobEvent event;
  event.message =
      fmt::format("Prepared {} rows of the training file ({} tokens) and {} mixed rows ({} tokens)",
                  user.rows, user.tokens, rows.mixed.rows, rows.mixed.tokens);
  if (user.truncated > 0)
    event.message += fmt::format("; {} were too long and cut", user.truncated);
  if (user.dropped > 0)
    event.message += fmt::format("; {} were too long and left out", user.dropped);
  if (user.alike > 0)
    event.message +=
        fmt::format("; {} had two answers of the same tokens and were left out", user.alike);
  if (user.unknown > 0)
    event.message += fmt::format(
        "; {} tokens stand for text that the base's tokenizer cannot write", user.unknown);
  if (user.truncated + user.dropped + user.alike + user.unknown > 0) event.level = kLevelWarn;
  event.data = {{"user", CountsJson(user)}, {"mixed", CountsJson(rows.mixed)}};
  if (user.alike > 0) event.data["user"]["alike"] = user.alike;
  return event;
}

}  // namespace tuneward
