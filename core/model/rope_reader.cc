#include "core/model/rope_reader.h"

#include "absl/strings/str_cat.h"

namespace tuneward {
namespace {

constexpr double kMaxTheta = 1e9, kMaxFactor = 1e6;
constexpr double kGemmaGlobalTheta = 1e6, kGemmaLocalTheta = 1e4;

std::string TypeOf(const Json& object) {
  for (const char* key : {"rope_type", "type"}) {  // the second in files of before 2024
    const auto it = object.find(key);
    if (it != object.end()) return it->is_string() ? it->get<std::string>() : it->dump();
  }
  return "default";
}

RopeConfig ReadObject(ConfigReader& outer, const char* key, const Json& object, double theta,
                      int64_t context) {
  RopeConfig rope;
  if (!object.is_object()) {
    outer.Fail(key, absl::StrCat("must be an object, got ", object.dump()));
    return rope;
  }
  ConfigReader reader(object, absl::StrCat(outer.path(), key, "."), outer.problems());
  rope.theta = reader.Number("rope_theta", 1, kMaxTheta, theta);
  reader.Only("partial_rotary_factor", 1.0);
  for (const char* kind : {"full_attention", "sliding_attention"}) reader.Only(kind, nullptr);
  const std::string type = TypeOf(object);
  if (type == "linear") {
    rope.scaling = RopeConfig::Scaling::kLinear;
    rope.factor = reader.Number("factor", 1, kMaxFactor);
  } else if (type == "llama3") {
    rope.scaling = RopeConfig::Scaling::kLlama3;
    rope.factor = reader.Number("factor", 1, kMaxFactor);
    rope.low_factor = reader.Number("low_freq_factor", 1e-3, kMaxFactor);
    rope.high_factor = reader.Number("high_freq_factor", 1e-3, kMaxFactor);
    rope.original_context =
        static_cast<double>(reader.Int("original_max_position_embeddings", 1, 1 << 20, context));
    if (rope.high_factor <= rope.low_factor)
      reader.Fail("high_freq_factor", absl::StrCat("must be above low_freq_factor ",
                                                   rope.low_factor, ", got ", rope.high_factor));
  } else if (type != "default") {
    reader.Fail("rope_type",
                absl::StrCat("must be \"default\", \"linear\" or \"llama3\", got \"", type, "\""));
  }
  return rope;
}

}  // namespace

TwoRopes ReadRope(ConfigReader& reader, int64_t context) {
  RopeConfig rope;
  rope.theta = reader.Number("rope_theta", 1, kMaxTheta, rope.theta);
  reader.Only("partial_rotary_factor", 1.0);
  const Json *old = reader.Find("rope_scaling"), *now = reader.Find("rope_parameters");
  if (old != nullptr && now != nullptr)
    reader.Fail("rope_scaling", "must be absent where rope_parameters is there");
  if (const Json* object = old != nullptr ? old : now)
    rope = ReadObject(reader, old != nullptr ? "rope_scaling" : "rope_parameters", *object,
                      rope.theta, context);
  return {rope, rope};
}

TwoRopes ReadTwoRopes(ConfigReader& reader, int64_t context) {
  TwoRopes ropes;
  ropes.first.theta = reader.Number("rope_theta", 1, kMaxTheta, kGemmaGlobalTheta);
  ropes.second.theta = reader.Number("rope_local_base_freq", 1, kMaxTheta, kGemmaLocalTheta);
  const Json *old = reader.Find("rope_scaling"), *now = reader.Find("rope_parameters");
  if (old != nullptr && now != nullptr)
    reader.Fail("rope_scaling", "must be absent where rope_parameters is there");
  if (old != nullptr)
    ropes.first = ReadObject(reader, "rope_scaling", *old, ropes.first.theta, context);
  if (now == nullptr) return ropes;
  if (!now->is_object()) {
    reader.Fail("rope_parameters", absl::StrCat("must be an object, got ", now->dump()));
    return ropes;
  }
  ConfigReader both(*now, absl::StrCat(reader.path(), "rope_parameters."), reader.problems());
  for (const char* flat : {"rope_theta", "rope_type"}) both.Only(flat, nullptr);
  if (const Json* full = both.Find("full_attention"))
    ropes.first = ReadObject(both, "full_attention", *full, ropes.first.theta, context);
  if (const Json* sliding = both.Find("sliding_attention"))
    ropes.second = ReadObject(both, "sliding_attention", *sliding, ropes.second.theta, context);
  return ropes;
}

}  // namespace tuneward
