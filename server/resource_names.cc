#include "server/resource_names.h"

#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "core/base/cut_text.h"

namespace tuneward {
namespace {

constexpr size_t kMaxIdBytes = 200;  // ft:<base 63>:<project 32>:<suffix 64>:<10>

bool IsId(std::string_view id) {
  if (id.empty() || id.size() > kMaxIdBytes || id[0] == '.') return false;
  for (const char c : id) {
    const bool good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '-' || c == '_' || c == '.' || c == ':';
    if (!good) return false;
  }
  return true;
}

// The parts that stand where `pattern` has `*`; nullopt when the name has another shape.
std::optional<std::vector<std::string>> Match(std::string_view name, std::string_view pattern) {
  const std::vector<std::string> parts = absl::StrSplit(std::string(name), '/');
  const std::vector<std::string> wanted = absl::StrSplit(std::string(pattern), '/');
  if (parts.size() != wanted.size()) return std::nullopt;
  std::vector<std::string> holes;
  for (size_t i = 0; i < parts.size(); ++i) {
    if (wanted[i] == "*") {
      if (!IsId(parts[i])) return std::nullopt;
      holes.push_back(parts[i]);
    } else if (parts[i] != wanted[i]) {
      return std::nullopt;
    }
  }
  return holes;
}

absl::Status BadName(std::string_view name, const std::string& field, std::string_view shape) {
  Violations problems;
  problems.Add(field, absl::StrCat("must be ", std::string(shape), ", got '",
                                   CutText(name, kMaxIdBytes), "'"));
  return problems.ToStatus();
}

absl::StatusOr<ResourceName> ParseInProject(std::string_view name, const std::string& field,
                                            std::string_view pattern, std::string_view shape) {
  const auto holes = Match(name, pattern);
  if (!holes.has_value()) return BadName(name, field, shape);
  return ResourceName{(*holes)[0], (*holes)[1]};
}

}  // namespace

absl::StatusOr<std::string> ParseProjectName(std::string_view name, const std::string& field) {
  const auto holes = Match(name, "projects/*");
  if (!holes.has_value()) return BadName(name, field, "projects/{project}");
  return (*holes)[0];
}

absl::StatusOr<ResourceName> ParseFileName(std::string_view name, const std::string& field) {
  return ParseInProject(name, field, "projects/*/files/*", "projects/{project}/files/{file}");
}

absl::StatusOr<ResourceName> ParseJobName(std::string_view name, const std::string& field) {
  return ParseInProject(name, field, "projects/*/jobs/*", "projects/{project}/jobs/{job}");
}

absl::StatusOr<ResourceName> ParsePlanName(std::string_view name, const std::string& field) {
  return ParseInProject(name, field, "projects/*/jobs/*/plan",
                        "projects/{project}/jobs/{job}/plan");
}

absl::StatusOr<ResourceName> ParseReviewName(std::string_view name, const std::string& field) {
  return ParseInProject(name, field, "projects/*/reviews/*", "projects/{project}/reviews/{model}");
}

absl::StatusOr<ResourceName> ParseModelName(std::string_view name, const std::string& field) {
  if (const auto base = Match(name, "baseModels/*")) return ResourceName{"", (*base)[0]};
  return ParseInProject(name, field, "projects/*/models/*",
                        "projects/{project}/models/{model} or baseModels/{base}");
}

absl::StatusOr<std::string> ParseBaseModelName(std::string_view name, const std::string& field) {
  const auto holes = Match(name, "baseModels/*");
  if (!holes.has_value()) return BadName(name, field, "baseModels/{base}");
  return (*holes)[0];
}

absl::StatusOr<PolicyName> ParsePolicyName(std::string_view name, const std::string& field) {
  if (const auto head = Match(name, "policies/*")) return PolicyName{(*head)[0], std::nullopt};
  if (const auto holes = Match(name, "policies/*/versions/*")) {
    int version = 0;
    if (absl::SimpleAtoi((*holes)[1], &version) && version > 0)
      return PolicyName{(*holes)[0], version};
  }
  return BadName(name, field, "policies/{id} or policies/{id}/versions/{n}");
}

namespace {
std::string Join(std::initializer_list<std::string_view> parts) {
  std::string text;
  for (const std::string_view part : parts) text.append(part);
  return text;
}
}  // namespace

std::string ProjectName(std::string_view project) { return Join({"projects/", project}); }
std::string FileName(std::string_view project, std::string_view file) {
  return Join({"projects/", project, "/files/", file});
}
std::string JobName(std::string_view project, std::string_view job) {
  return Join({"projects/", project, "/jobs/", job});
}
std::string EventName(std::string_view project, std::string_view job, int64_t seq) {
  return Join({"projects/", project, "/jobs/", job, "/events/", std::to_string(seq)});
}
std::string PlanName(std::string_view project, std::string_view job) {
  return Join({"projects/", project, "/jobs/", job, "/plan"});
}
std::string AuditName(std::string_view project, std::string_view job, std::string_view audit) {
  return Join({"projects/", project, "/jobs/", job, "/audits/", audit});
}
std::string ModelName(std::string_view project, std::string_view model) {
  return Join({"projects/", project, "/models/", model});
}
std::string BaseModelName(std::string_view base) { return Join({"baseModels/", base}); }
std::string PolicyVersionName(std::string_view policy, int64_t version) {
  return Join({"policies/", policy, "/versions/", std::to_string(version)});
}
std::string ApiKeyName(std::string_view project, std::string_view key) {
  return project.empty() ? Join({"apiKeys/", key}) : Join({"projects/", project, "/apiKeys/", key});
}
std::string WorkerName(std::string_view worker) { return Join({"workers/", worker}); }

}  // namespace tuneward
