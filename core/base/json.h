// Strict JSON. Parsing refuses duplicate keys, bytes after the value, depth over a limit and text
// that is not UTF-8; an ObjectReader refuses unknown keys by their path and collects every problem.
// CanonicalJson is the one form that is hashed (contracts.md D5): UTF-8, keys sorted, no spaces,
// integers and strings only.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/base/status.h"

namespace tuneward {

using Json = nlohmann::json;  // std::map objects: keys sorted

inline constexpr int kMaxJsonDepth = 64;

// INVALID_ARGUMENT with the byte position on malformed input.
absl::StatusOr<Json> ParseJson(std::string_view text, int max_depth = kMaxJsonDepth);

// Canonical bytes. A floating-point number inside is a programmer error (TW_CHECK): store ppm
// integers.
std::string CanonicalJson(const Json& value);

// Reads one object: each Get names a key, its type and, where given, its range. Problems are added
// to `problems` with the full path; Finish() adds one for each key that nobody asked for. The
// reader borrows `object` and `problems`.
class ObjectReader {
 public:
  ObjectReader(const Json& object, std::string path, Violations& problems);
  ~ObjectReader() = default;
  ObjectReader(const ObjectReader&) = delete;
  ObjectReader& operator=(const ObjectReader&) = delete;

  bool Has(const std::string& key) const;
  // Each returns the default (after adding a problem) when the key is missing and `required`, or
  // has another type.
  std::string String(const std::string& key, bool required = true, std::string fallback = "");
  // Required, and a problem where it is empty.
  std::string Filled(const std::string& key);
  int64_t Int(const std::string& key, int64_t min, int64_t max,
              std::optional<int64_t> fallback = std::nullopt);
  double Number(const std::string& key, double min, double max,
                std::optional<double> fallback = std::nullopt);
  bool Bool(const std::string& key, std::optional<bool> fallback = std::nullopt);
  std::vector<std::string> Strings(const std::string& key, bool required = true);
  // Null when missing (a problem is added when required) or not of that kind.
  const Json* Object(const std::string& key, bool required = true);
  const Json* Array(const std::string& key, bool required = true);
  std::string Path(const std::string& key) const;
  void Finish();

 private:
  const Json* Find(const std::string& key, bool required);
  const Json& object_;
  std::string path_;
  Violations& problems_;
  std::set<std::string> seen_;
};

}  // namespace tuneward
