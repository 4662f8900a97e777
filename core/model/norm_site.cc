#include "core/model/norm_site.h"

#include "absl/strings/str_cat.h"

namespace tuneward {

std::vector<NormSite> NormSites(const ModelConfig& c) {
  std::vector<NormSite> sites = {
      {"input_layernorm", NormPlace::kAttention, c.hidden},
      {c.branch_norms ? "pre_feedforward_layernorm" : "post_attention_layernorm", NormPlace::kMlp,
       c.hidden}};
  if (c.branch_norms) {
    sites.push_back({"post_attention_layernorm", NormPlace::kAttentionBranch, c.hidden});
    sites.push_back({"post_feedforward_layernorm", NormPlace::kMlpBranch, c.hidden});
  }
  if (c.qk_norm) {
    sites.push_back({"self_attn.q_norm", NormPlace::kQuery, c.head_dim});
    sites.push_back({"self_attn.k_norm", NormPlace::kKey, c.head_dim});
  }
  return sites;
}

std::string NormName(int64_t layer, const NormSite& site) {
  return absl::StrCat("model.layers.", layer, ".", site.name, ".weight");
}

}  // namespace tuneward
