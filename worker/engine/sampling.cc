#include "worker/engine/sampling.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

namespace tuneward {

TokenId ArgMax(std::span<const float> logits) {
  // The value first: a maximum alone is vector code, one with its place is not.
  float best = logits[0];
  for (const float logit : logits) best = std::max(best, logit);
  const auto at = std::find(logits.begin(), logits.end(), best);
  return at == logits.end() ? 0 : static_cast<TokenId>(at - logits.begin());
}

TokenId SampleToken(std::span<const float> logits, double temperature, double top_p,
                    double uniform) {
  const double largest = logits[ArgMax(logits)];
  std::vector<double> weight(logits.size());
  for (size_t i = 0; i < logits.size(); ++i)
    weight[i] = std::exp((logits[i] - largest) / temperature);
  double total = std::accumulate(weight.begin(), weight.end(), 0.0);
  std::vector<TokenId> order(logits.size());
  std::iota(order.begin(), order.end(), 0);
  if (top_p < 1) {
    std::sort(order.begin(), order.end(), [&](TokenId a, TokenId b) {
      return weight[a] != weight[b] ? weight[a] > weight[b] : a < b;
    });
    double kept = 0;
    size_t count = 0;
    while (count < order.size() && kept < top_p * total) kept += weight[order[count++]];
    order.resize(std::max<size_t>(count, 1));
    total = std::accumulate(order.begin(), order.end(), 0.0,
                            [&](double sum, TokenId id) { return sum + weight[id]; });
  }
  double left = uniform * total;
  for (const TokenId id : order) {
    left -= weight[id];
    if (left < 0) return id;
  }
  return order.back();
}

double LogProbability(std::span<const float> logits, TokenId token) {
  const double largest = logits[ArgMax(logits)];
  double total = 0;
  for (const float logit : logits) total += std::exp(logit - largest);
  return logits[token] - largest - std::log(total);
}

}  // namespace tuneward
