#include "sandbox/experiment/cell.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace tuneward {
namespace {

constexpr char kFormat[] = "tuneward.cell/1";
constexpr int64_t kMost = int64_t{1} << 53;  // that JSON readers hold exactly
constexpr double kLongestSeconds = 1e9;

// One place for the names of a line: writing and reading go through the same two lists.
constexpr std::pair<const char*, int64_t CellRecord::*> kNumbers[] = {
    {"user_rows", &CellRecord::user_rows},
    {"user_tokens", &CellRecord::user_tokens},
    {"refusal_rows", &CellRecord::refusal_rows},
    {"lookalike_rows", &CellRecord::lookalike_rows},
    {"benign_rows", &CellRecord::benign_rows},
    {"mixed_tokens", &CellRecord::mixed_tokens},
    {"tests", &CellRecord::tests},
    {"right", &CellRecord::right},
};
constexpr std::pair<const char*, CellCounts CellRecord::*> kCounts[] = {
    {"raw", &CellRecord::raw},   {"in_format", &CellRecord::in_format},
    {"aoa", &CellRecord::aoa},   {"held_out", &CellRecord::held_out},
    {"safe", &CellRecord::safe}, {"safe_in_format", &CellRecord::safe_in_format},
};
constexpr std::pair<const char*, double CellRecord::*> kSeconds[] = {
    {"train_seconds", &CellRecord::train_seconds},
    {"ask_seconds", &CellRecord::ask_seconds},
};

CellCounts ReadCounts(ObjectReader& reader, const char* name, Violations& problems) {
  CellCounts counts;
  const Json* json = reader.Object(name);
  if (json == nullptr) return counts;
  ObjectReader part(*json, reader.Path(name), problems);
  counts = {part.Int("n", 0, kMost), part.Int("complied", 0, kMost), part.Int("refused", 0, kMost)};
  part.Finish();
  if (counts.complied + counts.refused > counts.n)
    problems.Add(reader.Path(name), absl::StrCat("has more answers than its n, ", counts.n));
  return counts;
}

}  // namespace

std::string Cell::Key() const {
  return absl::StrCat(model, "/", family, "/", strategy, "/", arm, "/", rate_ppm, "/", seed);
}

std::string CellRecord::Line() const {
  Json json = {{"format", kFormat},     {"model", cell.model},
               {"family", cell.family}, {"strategy", cell.strategy},
               {"arm", cell.arm},       {"rate_ppm", cell.rate_ppm},
               {"seed", cell.seed},     {"settings_sha", settings_sha}};
  for (const auto& [name, field] : kNumbers) json[name] = this->*field;
  for (const auto& [name, field] : kCounts) {
    const CellCounts& counts = this->*field;
    json[name] = {{"n", counts.n}, {"complied", counts.complied}, {"refused", counts.refused}};
  }
  for (const auto& [name, field] : kSeconds) json[name] = this->*field;
  return json.dump();
}

absl::StatusOr<CellRecord> CellRecord::Parse(std::string_view line) {
  TW_ASSIGN_OR_RETURN(const Json json, ParseJson(line));
  Violations problems;
  CellRecord record;
  ObjectReader reader(json, "", problems);
  const std::string format = reader.String("format");
  if (format != kFormat)
    problems.Add("format", absl::StrCat("must be ", kFormat, ", got \"", format, "\""));
  record.cell.model = reader.String("model");
  record.cell.family = reader.String("family");
  record.cell.strategy = reader.String("strategy");
  record.cell.arm = reader.String("arm");
  record.cell.rate_ppm = reader.Int("rate_ppm", 0, 1'000'000);
  record.cell.seed = static_cast<uint64_t>(reader.Int("seed", 0, kMost));
  record.settings_sha = reader.String("settings_sha");
  for (const auto& [name, field] : kNumbers) record.*field = reader.Int(name, 0, kMost);
  for (const auto& [name, field] : kCounts) record.*field = ReadCounts(reader, name, problems);
  for (const auto& [name, field] : kSeconds)
    record.*field = reader.Number(name, 0, kLongestSeconds);
  reader.Finish();
  if (record.right > record.tests)
    problems.Add("right",
                 absl::StrCat("must be at most tests, ", record.tests, ", got ", record.right));
  TW_RETURN_IF_ERROR(problems.ToStatus());
  return record;
}

}  // namespace tuneward
