#include "core/text/tokenizer_json_keys.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/cut_text.h"

namespace tuneward {
namespace {

constexpr size_t kShownBytes = 120;

std::string TypeOf(const Json& step) {
  const Json* type = step.is_object() ? FindKey(step, "type") : nullptr;
  return type != nullptr && type->is_string() ? type->get<std::string>() : "";
}

struct Step {
  const Json* json;
  std::string path;
};

// The steps of a Sequence, or the one step that is none; nothing for null.
absl::StatusOr<std::vector<Step>> Steps(const Json& root, const char* key, const char* list) {
  const Json* step = FindKey(root, key);
  if (step == nullptr) return std::vector<Step>();
  if (TypeOf(*step) != "Sequence") return std::vector<Step>{{step, key}};
  const Json* items = FindKey(*step, list);
  const std::string path = absl::StrCat(key, ".", list);
  if (items == nullptr || !items->is_array()) return KeyError(path, "must be a list", items);
  std::vector<Step> steps;
  for (size_t i = 0; i < items->size(); ++i)
    steps.push_back({&(*items)[i], absl::StrCat(path, "[", i, "]")});
  return steps;
}

// A switch that must be off, or is off when it is missing.
absl::Status MustBe(const Json& object, const std::string& path, const char* key, bool wanted,
                    bool missing) {
  const Json* value = FindKey(object, key);
  if (value == nullptr ? missing == wanted : *value == wanted) return absl::OkStatus();
  return KeyError(absl::StrCat(path, ".", key),
                  wanted ? "must be true here" : "must be false: another is not supported", value);
}

absl::Status ReadNormalizer(const Json& root, BpeFile& file) {
  TW_ASSIGN_OR_RETURN(const std::vector<Step> steps, Steps(root, "normalizer", "normalizers"));
  for (const Step& step : steps) {
    if (TypeOf(*step.json) != "NFC")
      return KeyError(step.path, "must be null or NFC: no other normalizer is supported",
                      step.json);
    file.nfc = true;
  }
  return absl::OkStatus();
}

absl::Status ReadSplit(const Step& split, BpeFile& file) {
  const Json* pattern = FindKey(*split.json, "pattern");
  const Json* regex =
      pattern != nullptr && pattern->is_object() ? FindKey(*pattern, "Regex") : nullptr;
  const std::string path = split.path + ".pattern.Regex";
  if (regex == nullptr || !regex->is_string()) return KeyError(path, "must be a string", pattern);
  const auto known = WordPatternOf(regex->get_ref<const std::string&>());
  if (!known.has_value())
    return KeyError(path, "is not a split pattern of this build, which are " + KnownWordPatterns(),
                    regex);
  file.pattern = *known;
  const Json* behavior = FindKey(*split.json, "behavior");
  if (behavior == nullptr || *behavior != "Isolated")
    return KeyError(split.path + ".behavior", "must be \"Isolated\"", behavior);
  return MustBe(*split.json, split.path, "invert", false, true);
}

// Either [Split by a known pattern, ByteLevel without its own] or ByteLevel with its own.
absl::Status ReadPreTokenizer(const Json& root, BpeFile& file) {
  TW_ASSIGN_OR_RETURN(const std::vector<Step> steps, Steps(root, "pre_tokenizer", "pretokenizers"));
  const bool own = steps.size() == 1 && TypeOf(*steps[0].json) == "ByteLevel";
  const bool split = steps.size() == 2 && TypeOf(*steps[0].json) == "Split" &&
                     TypeOf(*steps[1].json) == "ByteLevel";
  if (!own && !split)
    return KeyError("pre_tokenizer", "must be ByteLevel, or Split and then ByteLevel",
                    FindKey(root, "pre_tokenizer"));
  if (split) TW_RETURN_IF_ERROR(ReadSplit(steps[0], file));
  const Step& bytes = steps.back();
  TW_RETURN_IF_ERROR(MustBe(*bytes.json, bytes.path, "add_prefix_space", false, false));
  return MustBe(*bytes.json, bytes.path, "use_regex", own, own);
}

absl::Status ReadDecoder(const Json& root) {
  TW_ASSIGN_OR_RETURN(const std::vector<Step> steps, Steps(root, "decoder", "decoders"));
  if (steps.size() == 1 && TypeOf(*steps[0].json) == "ByteLevel") return absl::OkStatus();
  return KeyError("decoder", "must be ByteLevel", FindKey(root, "decoder"));
}

absl::Status ReadModelSwitches(const Json& model, BpeFile& file) {
  if (TypeOf(model) != "BPE")
    return KeyError("model.type", "must be \"BPE\": no other model is supported",
                    FindKey(model, "type"));
  TW_RETURN_IF_ERROR(MustBe(model, "model", "byte_fallback", false, true));
  for (const char* key : {"continuing_subword_prefix", "end_of_word_suffix"}) {
    const Json* affix = FindKey(model, key);
    if (affix != nullptr && *affix != "")
      return KeyError(absl::StrCat("model.", key), "must be null or empty", affix);
  }
  const Json* dropout = FindKey(model, "dropout");
  if (dropout != nullptr && (!dropout->is_number() || *dropout != 0))
    return KeyError("model.dropout", "must be null: ids must not be random", dropout);
  const Json* ignore = FindKey(model, "ignore_merges");
  if (ignore != nullptr && !ignore->is_boolean())
    return KeyError("model.ignore_merges", "must be true or false", ignore);
  file.ignore_merges = ignore != nullptr && ignore->get<bool>();
  return absl::OkStatus();
}

}  // namespace

absl::Status KeyError(const std::string& path, const std::string& why, const Json* value) {
  const std::string got =
      value == nullptr
          ? "nothing"
          : CutText(value->dump(-1, ' ', false, Json::error_handler_t::replace), kShownBytes);
  return absl::InvalidArgumentError(absl::StrCat(path, ": ", why, ", got ", got));
}

const Json* FindKey(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found == object.end() || found->is_null() ? nullptr : &*found;
}

absl::Status ReadPipeline(const Json& root, BpeFile& file) {
  TW_RETURN_IF_ERROR(ReadModelSwitches(root.at("model"), file));
  TW_RETURN_IF_ERROR(ReadNormalizer(root, file));
  TW_RETURN_IF_ERROR(ReadPreTokenizer(root, file));
  return ReadDecoder(root);
}

}  // namespace tuneward
