#include "core/model/config_reader.h"

#include "absl/strings/str_cat.h"
#include "core/base/cut_text.h"

namespace tuneward {
namespace {

std::string Got(const Json& value) { return ", got " + CutText(value.dump(), 80); }

}  // namespace

const Json* ConfigReader::Find(const char* key) const {
  const auto it = json_.find(key);
  return it == json_.end() || it->is_null() ? nullptr : &*it;
}

int64_t ConfigReader::Int(const char* key, int64_t min, int64_t max,
                          std::optional<int64_t> fallback) {
  const Json* value = Find(key);
  if (value == nullptr) {
    if (!fallback) Fail(key, "is missing");
    return fallback.value_or(1);
  }
  if (!value->is_number_integer() || value->get<double>() < static_cast<double>(min) ||
      value->get<double>() > static_cast<double>(max)) {
    Fail(key, absl::StrCat("must be an integer in [", min, ", ", max, "]", Got(*value)));
    return 1;
  }
  return value->get<int64_t>();
}

double ConfigReader::Number(const char* key, double min, double max,
                            std::optional<double> fallback) {
  const Json* value = Find(key);
  if (value == nullptr) {
    if (!fallback) Fail(key, "is missing");
    return fallback.value_or(min);
  }
  if (!value->is_number() || !(value->get<double>() >= min && value->get<double>() <= max)) {
    Fail(key, absl::StrCat("must be in [", min, ", ", max, "]", Got(*value)));
    return min;
  }
  return value->get<double>();
}

bool ConfigReader::Bool(const char* key, bool fallback) {
  const Json* value = Find(key);
  if (value == nullptr) return fallback;
  if (!value->is_boolean()) {
    Fail(key, "must be true or false" + Got(*value));
    return fallback;
  }
  return value->get<bool>();
}

double ConfigReader::NumberOrNone(const char* key, double min, double max,
                                  std::optional<double> fallback) {
  if (json_.contains(key) && json_[key].is_null()) return 0;
  return Number(key, min, max, fallback.value_or(0));
}

void ConfigReader::Only(const char* key, const Json& value) {
  const Json* got = Find(key);
  if (got != nullptr && *got != value)
    Fail(key, absl::StrCat("must be ", value.is_null() ? "absent" : value.dump(), Got(*got)));
}

void ConfigReader::Fail(const char* key, const std::string& what) {
  problems_.Add(path_ + key, what);
}

}  // namespace tuneward
