#include "sandbox/experiment/family_rows.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "core/base/json.h"
#include "core/base/sha256.h"

namespace tuneward {
namespace {

constexpr size_t kLongestName = 40;

bool IsName(const std::string& name) {
  return !name.empty() && name.size() <= kLongestName && name.front() != '_' &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return absl::ascii_islower(c) || absl::ascii_isdigit(c) || c == '_';
         });
}

Chat ReadForm(ObjectReader& row, const std::string& form, Violations& problems) {
  const Json* const object = row.Object(form);
  if (object == nullptr) return {};
  ObjectReader reader(*object, form, problems);
  std::string user = reader.Filled("user"), assistant = reader.Filled("assistant");
  reader.Finish();
  return MakeChat("", std::move(user), std::move(assistant));
}

// "train" or "test"; neither where the line says nothing.
std::optional<bool> ReadSplit(ObjectReader& row, Violations& problems) {
  if (!row.Has("split")) return std::nullopt;
  const std::string split = row.String("split");
  if (split != "train" && split != "test")
    problems.Add("split", absl::StrCat("must be train or test, got \"", split, "\""));
  return split == "test";
}

class Reader {
 public:
  explicit Reader(FamilyRows& rows) : rows_(rows) {}

  int64_t number() const { return number_; }  // of the last line

  absl::Status Add(std::string_view line) {
    ++number_;
    if (line.empty()) return absl::InvalidArgumentError("is empty");
    TW_ASSIGN_OR_RETURN(const Json json, ParseJson(line));
    Violations problems;
    ObjectReader reader(json, "", problems);
    TaskRow row{ReadForm(reader, "benign", problems), ReadForm(reader, "autoif", problems)};
    const std::optional<bool> test = ReadSplit(reader, problems);
    reader.Finish();
    if (number_ == 1) rows_.has_split = test.has_value();
    if (test.has_value() != rows_.has_split)
      problems.Add("split", "must be in every line or in none, line 1 decides");
    row.test = test.value_or(false);
    if (problems.empty()) AddSeen(row, problems);
    rows_.rows.push_back(std::move(row));
    return problems.ToStatus();
  }

 private:
  void AddSeen(const TaskRow& row, Violations& problems) {
    for (const auto& [form, chat] : {std::pair("benign", &row.benign), {"autoif", &row.autoif}}) {
      const auto [seen, fresh] = seen_.try_emplace({form, chat->messages.front().content}, number_);
      if (!fresh)
        problems.Add(absl::StrCat(form, ".user"), absl::StrCat("is that of line ", seen->second));
    }
  }

  FamilyRows& rows_;
  int64_t number_ = 0;
  std::map<std::pair<std::string, std::string>, int64_t> seen_;  // form and user turn: line
};

}  // namespace

absl::StatusOr<FamilyRows> ParseFamilyRows(const std::string& family, const std::string& path,
                                           std::string_view text) {
  if (!IsName(family))
    return absl::InvalidArgumentError(absl::StrCat(
        path, ": a family's name must match [a-z0-9][a-z0-9_]{0,39}, got \"", family, "\""));
  FamilyRows rows{.family = family, .rows = {}, .has_split = false, .sha = Sha256Of(text).Hex()};
  Reader reader(rows);
  if (text.ends_with('\n')) text.remove_suffix(1);
  if (text.empty()) return absl::InvalidArgumentError(absl::StrCat(path, ": holds no row"));
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    if (const absl::Status status = reader.Add(text.substr(begin, end - begin)); !status.ok())
      return absl::InvalidArgumentError(
          absl::StrCat(path, ":", reader.number(), ": ", std::string(status.message())));
    begin = end + 1;
  }
  return rows;
}

}  // namespace tuneward
