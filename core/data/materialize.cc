#include "core/data/materialize.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace tuneward {
namespace {

bool HasTarget(const std::vector<bool>& is_target) {
  return std::find(is_target.begin(), is_target.end(), true) != is_target.end();
}

// Cuts a row that is too long, or leaves it out: then it has no tokens. True: it was cut.
absl::StatusOr<bool> Fit(const std::string& id, const MaterializeOptions& options,
                         RenderedChat& rendered) {
  const auto limit = static_cast<size_t>(options.max_tokens);
  const size_t size = rendered.tokens.size();
  if (size <= limit) return false;
  if (options.on_overlong == OnOverlong::kRefuse)
    return MakeError(absl::StatusCode::kInvalidArgument, "LIMIT_EXCEEDED",
                     absl::StrCat("row ", id, " has ", size, " tokens: at most ", limit),
                     {{"limit", absl::StrCat(limit)}, {"got", absl::StrCat(size)}, {"row", id}});
  rendered.tokens.resize(limit);
  rendered.is_target.resize(limit);
  // A row whose answer was cut away whole teaches nothing.
  if (options.on_overlong == OnOverlong::kDrop || !HasTarget(rendered.is_target)) {
    rendered = {};
    return false;
  }
  return true;
}

void Add(std::string id, int source, RenderedChat rendered, const MaterializeOptions& options,
         MaterializeCounts& counts, std::vector<TrainingRow>& rows) {
  counts.tokens += static_cast<int64_t>(rendered.tokens.size());
  if (options.unknown_id >= 0)
    counts.unknown +=
        std::count(rendered.tokens.begin(), rendered.tokens.end(), options.unknown_id);
  counts.targets += std::count(rendered.is_target.begin(), rendered.is_target.end(), true);
  rows.push_back(
      {std::move(id), source, std::move(rendered.tokens), std::move(rendered.is_target)});
}

absl::Status AddRow(const std::string& id, int source, const DataRow& row,
                    const ChatTemplate& chat_template, const MaterializeOptions& options,
                    MaterializeCounts& counts, std::vector<TrainingRow>& rows) {
  RenderedChat chosen = chat_template.Render(row.chat), rejected;
  TW_ASSIGN_OR_RETURN(bool cut, Fit(id, options, chosen));
  const bool pair = row.format() == DataFormat::kPreference;
  if (pair) {
    Chat other = row.chat;
    other.messages.back().content = row.rejected;
    rejected = chat_template.Render(other);
    TW_ASSIGN_OR_RETURN(const bool other_cut, Fit(id, options, rejected));
    cut |= other_cut;
  }
  if (chosen.tokens.empty() || (pair && rejected.tokens.empty())) {
    ++counts.dropped;
    return absl::OkStatus();
  }
  if (pair && chosen.tokens == rejected.tokens) {
    ++counts.alike;
    return absl::OkStatus();
  }
  ++counts.rows;
  counts.truncated += cut;
  Add(id, source, std::move(chosen), options, counts, rows);
  if (pair) Add(id + "/rejected", source, std::move(rejected), options, counts, rows);
  return absl::OkStatus();
}

}  // namespace

std::string_view OnOverlongName(OnOverlong value) {
  switch (value) {
    case OnOverlong::kTruncate:
      return "truncate";
    case OnOverlong::kDrop:
      return "drop";
    case OnOverlong::kRefuse:
      return "refuse";
  }
  return "";
}

absl::StatusOr<OnOverlong> ParseOnOverlong(std::string_view name) {
  for (OnOverlong value : {OnOverlong::kTruncate, OnOverlong::kDrop, OnOverlong::kRefuse})
    if (OnOverlongName(value) == name) return value;
  return absl::InvalidArgumentError(
      absl::StrCat("must be truncate, drop or refuse, got \"", std::string(name), "\""));
}

absl::StatusOr<MaterializedRows> Materialize(const std::vector<NumberedRow>& user,
                                             const std::vector<Chat>& mixed,
                                             const ChatTemplate& chat_template,
                                             const MaterializeOptions& options) {
  MaterializedRows out;
  out.rows.reserve(user.size() + mixed.size());
  for (const NumberedRow& row : user) {
    if (options.dropped_lines.contains(row.line)) continue;
    TW_RETURN_IF_ERROR(AddRow(absl::StrCat("u:", row.line), 0, row.row, chat_template, options,
                              out.user, out.rows));
  }
  if (out.user.rows == 0)
    return absl::FailedPreconditionError(
        absl::StrCat("no row of the training file is left to train on: ", user.size(),
                     " rows, all of them dropped"));
  MaterializeOptions whole = options;
  whole.max_tokens = options.mixed_max_tokens;
  whole.on_overlong = OnOverlong::kRefuse;
  for (size_t n = 0; n < mixed.size(); ++n)
    TW_RETURN_IF_ERROR(AddRow(absl::StrCat("m:", n), 1, {mixed[n], ""}, chat_template, whole,
                              out.mixed, out.rows));
  return out;
}

}  // namespace tuneward
