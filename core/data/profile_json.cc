// The JSON form of the dataset profile.
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/data/dataset_profile.h"
#include "core/data/skeleton_json.h"

namespace tuneward {
namespace {

constexpr char kFormat[] = "tuneward.profile/1";

Json ToJson(const Quantiles& q) {
  return {{"p50", q.p50}, {"p90", q.p90}, {"p99", q.p99}, {"max", q.max}};
}

Quantiles ReadQuantiles(ObjectReader& parent, const std::string& key, Violations& problems) {
  Quantiles q;
  if (const Json* json = parent.Object(key)) {
    ObjectReader reader(*json, parent.Path(key), problems);
    q = {reader.Int("p50", 0, INT64_MAX), reader.Int("p90", 0, INT64_MAX),
         reader.Int("p99", 0, INT64_MAX), reader.Int("max", 0, INT64_MAX)};
    reader.Finish();
  }
  return q;
}

Json ToJson(const AnswerProfile& a) {
  return {{"kind", std::string(AnswerKindName(a.kind))},
          {"labels", a.labels},
          {"prefix", a.prefix},
          {"bytes", ToJson(a.bytes)}};
}

AnswerProfile ReadAnswer(ObjectReader& parent, const std::string& key, Violations& problems) {
  AnswerProfile a;
  const Json* json = parent.Object(key);
  if (json == nullptr) return a;
  ObjectReader reader(*json, parent.Path(key), problems);
  const std::string kind = reader.String("kind");
  bool known = false;
  for (AnswerKind k :
       {AnswerKind::kLabel, AnswerKind::kNumber, AnswerKind::kSpan, AnswerKind::kFreeText})
    if (AnswerKindName(k) == kind) a.kind = k, known = true;
  if (!known) problems.Add(reader.Path("kind"), absl::StrCat("unknown answer kind \"", kind, "\""));
  a.labels = reader.Strings("labels");
  a.prefix = reader.String("prefix");
  a.bytes = ReadQuantiles(reader, "bytes", problems);
  reader.Finish();
  return a;
}

Json ToJson(const FormatCluster& c) {
  return {{"id", c.id},
          {"user_rows", c.user_rows},
          {"system", c.system},
          {"skeleton", SkeletonToJson(c.skeleton)},
          {"confidence_ppm", c.confidence_ppm},
          {"fills", c.fills},
          {"user_bytes", ToJson(c.user_bytes)},
          {"answer", ToJson(c.answer)}};
}

FormatCluster ReadCluster(const Json& json, const std::string& path, Violations& problems) {
  FormatCluster c;
  ObjectReader reader(json, path, problems);
  c.id = static_cast<int>(reader.Int("id", 0, 1000));
  c.user_rows = reader.Int("user_rows", 0, INT64_MAX);
  c.system = reader.String("system");
  if (const Json* skeleton = reader.Array("skeleton"))
    c.skeleton = SkeletonFromJson(*skeleton, reader.Path("skeleton"), problems);
  c.confidence_ppm = reader.Int("confidence_ppm", 0, 1'000'000);
  if (const Json* fills = reader.Array("fills"))
    c.fills = FillsFromJson(*fills, reader.Path("fills"), problems);
  c.user_bytes = ReadQuantiles(reader, "user_bytes", problems);
  c.answer = ReadAnswer(reader, "answer", problems);
  reader.Finish();
  return c;
}

void ReadSignals(ObjectReader& parent, ProfileSignals& signals, Violations& problems) {
  const Json* json = parent.Object("signals");
  if (json == nullptr) return;
  ObjectReader reader(*json, parent.Path("signals"), problems);
  signals.identity_shift_ppm = reader.Int("identity_shift_ppm", 0, 1'000'000);
  signals.affirmative_preamble_ppm = reader.Int("affirmative_preamble_ppm", 0, 1'000'000);
  signals.autoif_like_ppm = reader.Int("autoif_like_ppm", 0, 1'000'000);
  reader.Finish();
}

}  // namespace

std::string_view AnswerKindName(AnswerKind kind) {
  switch (kind) {
    case AnswerKind::kLabel:
      return "label";
    case AnswerKind::kNumber:
      return "number";
    case AnswerKind::kSpan:
      return "span";
    case AnswerKind::kFreeText:
      return "free_text";
  }
  return "";
}

Json DatasetProfile::ToJson() const {
  Json clusters_json = Json::array(), bigrams = Json::array();
  for (const FormatCluster& c : clusters) clusters_json.push_back(tuneward::ToJson(c));
  for (const auto& [text, count] : top_bigrams)
    bigrams.push_back({{"text", text}, {"count", count}});
  Json json = {{"format", kFormat},
               {"version", kProfileVersion},
               {"rows", rows},
               {"sampled", sampled},
               {"clusters", std::move(clusters_json)},
               {"answer", tuneward::ToJson(answer)},
               {"common_prefix", common_prefix},
               {"common_suffix", common_suffix},
               {"delimiters", delimiters},
               {"answer_cue", answer_cue},
               {"distinct_systems", distinct_systems},
               {"lower_case_ppm", lower_case_ppm},
               {"question_mark_ppm", question_mark_ppm},
               {"final_stop_ppm", final_stop_ppm},
               {"turns_p50", turns_p50},
               {"turns_max", turns_max},
               {"top_bigrams", std::move(bigrams)},
               {"signals",
                {{"identity_shift_ppm", signals.identity_shift_ppm},
                 {"affirmative_preamble_ppm", signals.affirmative_preamble_ppm},
                 {"autoif_like_ppm", signals.autoif_like_ppm}}}};
  // Left out where it says nothing new: a chat file's profile keeps its hash.
  if (data_format != DataFormat::kChat)
    json["data_format"] = std::string(DataFormatName(data_format));
  return json;
}

absl::StatusOr<DatasetProfile> DatasetProfile::FromJson(const Json& json) {
  Violations problems;
  DatasetProfile p;
  ObjectReader reader(json, "", problems);
  if (const std::string format = reader.String("format"); format != kFormat)
    problems.Add("format", absl::StrCat("must be ", kFormat, ", got \"", format, "\""));
  reader.Int("version", kProfileVersion, kProfileVersion);
  const std::string data_format = reader.String("data_format", /*required=*/false, "chat");
  if (data_format == DataFormatName(DataFormat::kPreference))
    p.data_format = DataFormat::kPreference;
  else if (data_format != DataFormatName(DataFormat::kChat))
    problems.Add("data_format",
                 absl::StrCat("must be chat or preference, got \"", data_format, "\""));
  p.rows = reader.Int("rows", 0, INT64_MAX);
  p.sampled = reader.Int("sampled", 0, INT64_MAX);
  if (const Json* list = reader.Array("clusters"))
    for (size_t i = 0; i < list->size(); ++i)
      p.clusters.push_back(ReadCluster((*list)[i], absl::StrCat("clusters[", i, "]"), problems));
  p.answer = ReadAnswer(reader, "answer", problems);
  p.common_prefix = reader.String("common_prefix");
  p.common_suffix = reader.String("common_suffix");
  p.delimiters = reader.Strings("delimiters");
  p.answer_cue = reader.String("answer_cue");
  p.distinct_systems = reader.Int("distinct_systems", 0, INT64_MAX);
  p.lower_case_ppm = reader.Int("lower_case_ppm", 0, 1'000'000);
  p.question_mark_ppm = reader.Int("question_mark_ppm", 0, 1'000'000);
  p.final_stop_ppm = reader.Int("final_stop_ppm", 0, 1'000'000);
  p.turns_p50 = reader.Int("turns_p50", 0, INT64_MAX);
  p.turns_max = reader.Int("turns_max", 0, INT64_MAX);
  if (const Json* list = reader.Array("top_bigrams")) {
    for (size_t i = 0; i < list->size(); ++i) {
      ObjectReader item((*list)[i], absl::StrCat("top_bigrams[", i, "]"), problems);
      p.top_bigrams.emplace_back(item.String("text"), item.Int("count", 0, INT64_MAX));
      item.Finish();
    }
  }
  ReadSignals(reader, p.signals, problems);
  reader.Finish();
  TW_RETURN_IF_ERROR(problems.ToStatus());
  return p;
}

DataFormat DataFormatOf(const Json& profile) {
  const auto found = profile.find("data_format");
  return found != profile.end() && *found == std::string(DataFormatName(DataFormat::kPreference))
             ? DataFormat::kPreference
             : DataFormat::kChat;
}

Digest DatasetProfile::Hash() const { return Sha256Of(CanonicalJson(ToJson())); }

}  // namespace tuneward
