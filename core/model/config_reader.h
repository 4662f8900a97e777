// Reads values of a Hugging Face config.json: every number has a range, every problem is collected
// under the key's path, and keys that nobody asks for pass (the files hold many that do not concern
// an engine). No torch.
#pragma once

#include <optional>
#include <string>

#include "core/base/json.h"
#include "core/base/status.h"

namespace tuneward {

class ConfigReader {
 public:
  // Borrows `json`, an object, and `problems`. `path` ends with the separator: "config.json: ".
  ConfigReader(const Json& json, std::string path, Violations& problems)
      : json_(json), path_(std::move(path)), problems_(problems) {}

  // Null when the key is absent or null.
  const Json* Find(const char* key) const;
  // A missing key is a problem where there is no fallback.
  int64_t Int(const char* key, int64_t min, int64_t max,
              std::optional<int64_t> fallback = std::nullopt);
  double Number(const char* key, double min, double max,
                std::optional<double> fallback = std::nullopt);
  bool Bool(const char* key, bool fallback);
  // Like Number, but null means none (0), and so does an absent key where there is no fallback.
  double NumberOrNone(const char* key, double min, double max, std::optional<double> fallback);
  // The key is absent, null, or has exactly this value.
  void Only(const char* key, const Json& value);
  void Fail(const char* key, const std::string& what);
  const std::string& path() const { return path_; }
  Violations& problems() { return problems_; }

 private:
  const Json& json_;
  std::string path_;
  Violations& problems_;
};

}  // namespace tuneward
