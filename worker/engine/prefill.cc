#include "worker/engine/prefill.h"

#include "worker/engine/adapter_runs.h"
#include "worker/engine/prefix_reuse.h"
#include "worker/engine/shared_tokens.h"

namespace tuneward {
namespace {

using at::Tensor;

// Of rows run together: through the linears, and through attention, which is less work a token.
constexpr int64_t kRunTokens = 8192, kRunPlaces = 4 * kRunTokens;

Tensor ToDevice(const std::vector<int64_t>& values, at::Device device) {
  return at::tensor(values, at::kLong).to(device);
}

// Whose hidden states leave the last layer: each row's last token, then what predicts the tokens to
// be scored.
struct Kept {
  std::vector<int64_t> token, target;
  std::vector<const Adapter*> adapter;
};

Kept KeptOf(std::span<const PrefillRow> rows, const SharedTokens& shared) {
  Kept kept;
  const auto computed = [&](int64_t t) { return shared.unique_T()[t] - shared.known(); };
  for (size_t r = 0; r < rows.size(); ++r) {
    kept.token.push_back(computed(shared.cu_seqlens()[r + 1] - 1));
    kept.adapter.push_back(rows[r].adapter);
  }
  for (size_t r = 0; r < rows.size(); ++r)
    for (size_t i = rows[r].score_from; i < rows[r].tokens.size(); ++i) {
      kept.token.push_back(computed(shared.cu_seqlens()[r] + static_cast<int64_t>(i) - 1));
      kept.target.push_back(rows[r].tokens[i]);
      kept.adapter.push_back(rows[r].adapter);
    }
  return kept;
}

Tensor HiddenOf(const Decoder& decoder, std::span<const PrefillRow> rows,
                const SharedTokens& shared, const Kept& kept, KvCache& cache, PrefixReuse* reuse) {
  const at::Device device = decoder.device();
  std::vector<int64_t> places;
  for (const PrefillRow& row : rows)
    for (size_t p = 0; p < row.tokens.size(); ++p)
      places.push_back(row.slot * cache.places() + static_cast<int64_t>(p));
  const size_t known = static_cast<size_t>(shared.known());
  const auto computed = [&](const auto& nodes) {
    return std::vector(nodes.begin() + static_cast<std::ptrdiff_t>(known), nodes.end());
  };
  const bool alike = known > 0 || shared.token_U().size() < places.size();
  const Tensor place_T = ToDevice(places, device), unique_T = ToDevice(shared.unique_T(), device),
               first_U = ToDevice(computed(shared.first_U()), device);
  const LayerPlans plans = decoder.Plan(shared.cu_seqlens(), ToDevice(shared.position_T(), device));
  const std::vector<AdapterRun> runs = RunsOf(computed(shared.adapter_U())),
                                kept_runs = RunsOf(kept.adapter);
  const int64_t last = decoder.config().layers - 1;
  LayerOps ops;
  ops.linear = [&](const Tensor& x, int64_t l, Group group) {
    return LinearOfRuns(x, decoder.weights().layers[l].linear[group],
                        l == last && group != kQkv ? kept_runs : runs, l, group);
  };
  ops.attend = [&](const Tensor& qkv_UC, int64_t l) {
    if (reuse) reuse->Keep(qkv_UC);
    const Tensor all = reuse ? reuse->WithKnown(qkv_UC, l) : qkv_UC;
    const AttentionOut out =
        RopeAttention(alike ? all.index_select(0, unique_T) : all,
                      decoder.config().IsSliding(l) ? plans.sliding : plans.full);
    cache.Put(l, out.turned_TC, place_T);
    return alike ? out.mixed_TW.index_select(0, first_U) : out.mixed_TW;
  };
  return decoder.Layers(ToDevice(computed(shared.token_U()), device), ops,
                        ToDevice(kept.token, device));
}

void Score(const LmHead& head, const Tensor& h_ND, const std::vector<int64_t>& targets,
           std::span<const PrefillRow> rows, std::vector<std::vector<double>>& logprobs) {
  const Tensor target_N = ToDevice(targets, h_ND.device());
  const Tensor nll_N =
      head.Nll(h_ND, target_N, at::ones_like(target_N, at::kFloat)).nll_N.cpu().contiguous();
  const float* nll = nll_N.const_data_ptr<float>();
  for (const PrefillRow& row : rows) {
    std::vector<double>& out = logprobs.emplace_back();
    for (size_t i = row.score_from; i < row.tokens.size(); ++i) out.push_back(-double{*nll++});
  }
}

}  // namespace

PrefillOut RunPrefill(const Decoder& decoder, std::span<const PrefillRow> rows, KvCache& cache,
                      PrefixCache* prefixes) {
  PrefillOut out;
  std::vector<Tensor> logits;
  for (size_t begin = 0, end = 0; begin < rows.size(); begin = end) {
    SharedTokens shared;
    for (; end < rows.size(); ++end) {
      const PrefillRow& row = rows[end];
      if (end > begin && (shared.places() + static_cast<int64_t>(row.tokens.size()) > kRunPlaces ||
                          shared.tokens() + shared.NewTokens(row.tokens, row.adapter) > kRunTokens))
        break;
      shared.Add(row.tokens, row.adapter);
    }
    const std::span<const PrefillRow> run = rows.subspan(begin, end - begin);
    std::optional<PrefixReuse> reuse;
    if (prefixes) {
      shared = {};
      reuse.emplace(*prefixes, decoder.config(), run, shared);
      out.reused += reuse->reused();
    }
    const Kept kept = KeptOf(run, shared);
    const Tensor h_ND = HiddenOf(decoder, run, shared, kept, cache, reuse ? &*reuse : nullptr);
    if (reuse) reuse->Store();
    const int64_t count = static_cast<int64_t>(run.size()),
                  scored = static_cast<int64_t>(kept.target.size());
    logits.push_back(decoder.head().Logits(h_ND.narrow(0, 0, count)));
    if (scored > 0)
      Score(decoder.head(), h_ND.narrow(0, count, scored).clone(), kept.target, run, out.logprobs);
    else
      out.logprobs.resize(end);
  }
  out.logits_BV = at::cat(logits);
  return out;
}

}  // namespace tuneward
