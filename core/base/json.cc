#include "core/base/json.h"

#include <cmath>

#include "absl/strings/str_cat.h"
#include "core/base/cut_text.h"

namespace tuneward {
namespace {

// The library's message without its own name and place: "[json.exception.parse_error.101] parse
// error at line 1, column 2: syntax error ..." is told as "syntax error ...".
std::string PlainReason(std::string what) {
  if (const size_t name = what.find("] "); what[0] == '[' && name != what.npos)
    what.erase(0, name + 2);
  if (const size_t place = what.find(": "); what.rfind("parse error", 0) == 0 && place != what.npos)
    what.erase(0, place + 2);
  return what;
}

// The parser's words quote the input: it may be long, and its bytes may be the very problem.
std::string Quotable(const std::string& words) {
  constexpr size_t kMaxBytes = 300;
  const std::string valid = Json(words).dump(-1, ' ', false, Json::error_handler_t::replace);
  return CutText(Json::parse(valid).get<std::string>(), kMaxBytes);
}

// Builds the value while refusing duplicate keys and excessive depth; nlohmann's own parser
// silently keeps the last key.
class StrictSax : public nlohmann::json_sax<Json> {
 public:
  explicit StrictSax(int max_depth) : max_depth_(max_depth) {}
  Json value;
  std::string error;

  bool null() override { return Put(nullptr); }
  bool boolean(bool v) override { return Put(v); }
  bool number_integer(number_integer_t v) override { return Put(v); }
  bool number_unsigned(number_unsigned_t v) override { return Put(v); }
  bool number_float(number_float_t v, const string_t& text) override {
    if (!std::isfinite(v)) return Fail(absl::StrCat("number out of range: ", CutText(text, 80)));
    return Put(v);
  }
  bool string(string_t& v) override { return Put(std::move(v)); }
  bool binary(binary_t&) override { return Fail("binary value"); }
  bool start_object(std::size_t) override { return Open(Json::object()); }
  bool start_array(std::size_t) override { return Open(Json::array()); }
  bool end_object() override { return Close(); }
  bool end_array() override { return Close(); }
  bool key(string_t& v) override {
    if (stack_.back()->contains(v))
      return Fail(absl::StrCat("duplicate key \"", CutText(v, 80), "\""));
    key_ = std::move(v);
    return true;
  }
  bool parse_error(std::size_t position, const std::string&,
                   const nlohmann::detail::exception& e) override {
    return Fail(
        absl::StrCat("malformed JSON at byte ", position, ": ", Quotable(PlainReason(e.what()))));
  }

 private:
  bool Fail(std::string why) {
    if (error.empty()) error = std::move(why);
    return false;
  }
  template <typename T>
  Json* Insert(T&& v) {
    if (stack_.empty()) {
      value = std::forward<T>(v);
      return &value;
    }
    Json& top = *stack_.back();
    if (top.is_array()) {
      top.push_back(std::forward<T>(v));
      return &top.back();
    }
    Json& slot = top[key_];
    slot = std::forward<T>(v);
    return &slot;
  }
  template <typename T>
  bool Put(T&& v) {
    Insert(Json(std::forward<T>(v)));
    return true;
  }
  bool Open(Json container) {
    if (static_cast<int>(stack_.size()) >= max_depth_)
      return Fail(absl::StrCat("nested deeper than ", max_depth_, " levels"));
    stack_.push_back(Insert(std::move(container)));
    return true;
  }
  bool Close() {
    stack_.pop_back();
    return true;
  }

  int max_depth_;
  std::vector<Json*> stack_;
  std::string key_;
};

// A wrong value in a message; it may be as large as the request.
std::string Shown(const Json& v) { return CutText(v.dump(), 80); }

bool HasFloat(const Json& v) {
  if (v.is_number_float()) return true;
  if (v.is_structured())
    for (const auto& child : v)
      if (HasFloat(child)) return true;
  return false;
}

}  // namespace

absl::StatusOr<Json> ParseJson(std::string_view text, int max_depth) {
  // To the library this is the end of the text, whatever follows.
  if (const size_t at = text.find('\0'); at != text.npos)
    return absl::InvalidArgumentError(
        absl::StrCat("malformed JSON at byte ", at + 1, ": the character U+0000"));
  StrictSax sax(max_depth);
  if (!Json::sax_parse(text.begin(), text.end(), &sax) || !sax.error.empty())
    return absl::InvalidArgumentError(sax.error.empty() ? "malformed JSON" : sax.error);
  return std::move(sax.value);
}

std::string CanonicalJson(const Json& value) {
  TW_CHECK(!HasFloat(value));
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

ObjectReader::ObjectReader(const Json& object, std::string path, Violations& problems)
    : object_(object), path_(std::move(path)), problems_(problems) {
  if (!object_.is_object()) problems_.Add(path_.empty() ? "$" : path_, "must be an object");
}

std::string ObjectReader::Path(const std::string& key) const {
  return path_.empty() ? key : absl::StrCat(path_, ".", key);
}

bool ObjectReader::Has(const std::string& key) const {
  return object_.is_object() && object_.contains(key);
}

const Json* ObjectReader::Find(const std::string& key, bool required) {
  seen_.insert(key);
  if (!object_.is_object()) return nullptr;
  auto it = object_.find(key);
  if (it != object_.end()) return &*it;
  if (required) problems_.Add(Path(key), "is missing");
  return nullptr;
}

std::string ObjectReader::String(const std::string& key, bool required, std::string fallback) {
  const Json* v = Find(key, required);
  if (v == nullptr) return fallback;
  if (!v->is_string()) {
    problems_.Add(Path(key), "must be a string");
    return fallback;
  }
  return v->get<std::string>();
}

std::string ObjectReader::Filled(const std::string& key) {
  std::string text = String(key);
  const Json* v = Find(key, false);
  if (v != nullptr && v->is_string() && text.empty()) problems_.Add(Path(key), "must not be empty");
  return text;
}

int64_t ObjectReader::Int(const std::string& key, int64_t min, int64_t max,
                          std::optional<int64_t> fallback) {
  const Json* v = Find(key, !fallback.has_value());
  if (v == nullptr) return fallback.value_or(min);
  bool too_big = v->is_number_unsigned() && v->get<uint64_t>() > static_cast<uint64_t>(INT64_MAX);
  if (!v->is_number_integer() || too_big || v->get<int64_t>() < min || v->get<int64_t>() > max) {
    problems_.Add(Path(key),
                  absl::StrCat("must be an integer in [", min, ", ", max, "], got ", Shown(*v)));
    return fallback.value_or(min);
  }
  return v->get<int64_t>();
}

double ObjectReader::Number(const std::string& key, double min, double max,
                            std::optional<double> fallback) {
  const Json* v = Find(key, !fallback.has_value());
  if (v == nullptr) return fallback.value_or(min);
  if (!v->is_number() || !(v->get<double>() >= min && v->get<double>() <= max)) {
    problems_.Add(Path(key),
                  absl::StrCat("must be a number in [", min, ", ", max, "], got ", Shown(*v)));
    return fallback.value_or(min);
  }
  return v->get<double>();
}

bool ObjectReader::Bool(const std::string& key, std::optional<bool> fallback) {
  const Json* v = Find(key, !fallback.has_value());
  if (v == nullptr) return fallback.value_or(false);
  if (!v->is_boolean()) {
    problems_.Add(Path(key), "must be true or false");
    return fallback.value_or(false);
  }
  return v->get<bool>();
}

std::vector<std::string> ObjectReader::Strings(const std::string& key, bool required) {
  std::vector<std::string> out;
  const Json* v = Array(key, required);
  if (v == nullptr) return out;
  for (size_t i = 0; i < v->size(); ++i) {
    if (!(*v)[i].is_string())
      problems_.Add(absl::StrCat(Path(key), "[", i, "]"), "must be a string");
    else
      out.push_back((*v)[i].get<std::string>());
  }
  return out;
}

const Json* ObjectReader::Object(const std::string& key, bool required) {
  const Json* v = Find(key, required);
  if (v != nullptr && !v->is_object()) {
    problems_.Add(Path(key), "must be an object");
    return nullptr;
  }
  return v;
}

const Json* ObjectReader::Array(const std::string& key, bool required) {
  const Json* v = Find(key, required);
  if (v != nullptr && !v->is_array()) {
    problems_.Add(Path(key), "must be an array");
    return nullptr;
  }
  return v;
}

void ObjectReader::Finish() {
  if (!object_.is_object()) return;
  for (const auto& [key, value] : object_.items())
    if (!seen_.contains(key)) problems_.Add(Path(key), "unknown key");
}

}  // namespace tuneward
