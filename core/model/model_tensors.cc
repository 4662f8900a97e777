#include "core/model/model_tensors.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/model/linear_site.h"
#include "core/model/norm_site.h"

namespace tuneward {
namespace {

constexpr size_t kMostProblems = 8;  // a wrong config.json makes every tensor wrong

}  // namespace

std::map<std::string, std::vector<int64_t>> ModelTensors(const ModelConfig& c) {
  std::map<std::string, std::vector<int64_t>> tensors = {{kEmbeddingName, {c.vocab, c.hidden}},
                                                         {kFinalNormName, {c.hidden}}};
  if (!c.tied_embeddings) tensors[kHeadName] = {c.vocab, c.hidden};
  for (int64_t l = 0; l < c.layers; ++l) {
    for (const NormSite& site : NormSites(c)) tensors[NormName(l, site)] = {site.width};
    for (const LinearSite& site : LinearSites(c)) {
      tensors[ModuleName(l, site) + ".weight"] = {site.out, site.in};
      if (HasBias(c, site.group)) tensors[ModuleName(l, site) + ".bias"] = {site.out};
    }
  }
  return tensors;
}

int64_t ParameterCount(const ModelConfig& config) {
  int64_t count = 0;
  for (const auto& [name, shape] : ModelTensors(config)) {
    int64_t elements = 1;
    for (const int64_t size : shape) elements *= size;
    count += elements;
  }
  return count;
}

bool IsUnusedTensor(const ModelConfig& config, const std::string& name) {
  return absl::EndsWith(name, "rotary_emb.inv_freq") ||
         (config.tied_embeddings && name == kHeadName);
}

void CheckModelTensors(const ModelConfig& config, const ModelFiles& files, const std::string& field,
                       Violations& problems) {
  const auto expected = ModelTensors(config);
  size_t found = 0;
  const auto fail = [&](const std::string& what) {
    if (++found <= kMostProblems) problems.Add(field, what);
  };
  for (const auto& [name, shape] : expected)
    if (!files.tensors.contains(name))
      fail(absl::StrCat(files.path, ": tensor '", name, "' is missing; it must have shape ",
                        ShapeText(shape)));
  for (const auto& [name, stored] : files.tensors) {
    const auto known = expected.find(name);
    if (known == expected.end()) {
      if (!IsUnusedTensor(config, name))
        fail(absl::StrCat(stored.path, ": tensor '", name, "' is not part of this model"));
      continue;
    }
    if (known->second != stored.span.shape) {
      fail(absl::StrCat(stored.path, ": tensor '", name, "' must have shape ",
                        ShapeText(known->second), ", got ", ShapeText(stored.span.shape)));
    } else if (const absl::Status finite = CheckFinite(stored, name); !finite.ok()) {
      fail(std::string(finite.message()));
    }
    stored.file->Release(stored.span.bytes);
  }
  if (found > kMostProblems)
    problems.Add(field, absl::StrCat("and ", found - kMostProblems, " more problems like these"));
}

}  // namespace tuneward
