// The machine's own rate: the products of a training step (forward, and the gradient of the input)
// on the model's shapes, as plain at::mm, each weighted as often as a step has it. One pass a turn.
#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <chrono>
#include <cstdio>

#include "bench/engine/modes.h"
#include "bench/engine/turns.h"
#include "core/model/linear_site.h"

namespace tuneward::bench {
namespace {

struct Product {
  at::Tensor x_TI, w_OI, dy_TO;
};

absl::Status Run(const Settings& settings) {
  TW_ASSIGN_OR_RETURN(const ModelConfig config, ParseModelConfig(settings.config));
  at::set_num_threads(settings.engine.threads);
  const at::NoGradGuard no_grad;
  const auto options = at::TensorOptions().dtype(
      settings.engine.precision == Precision::kBFloat16 ? at::kBFloat16 : at::kFloat);
  const int64_t t = int64_t{settings.batch} * 256;
  std::vector<Product> products;
  const auto add = [&](int64_t tokens, int64_t in, int64_t out) {
    products.push_back({at::randn({tokens, in}, options), at::randn({out, in}, options),
                        at::randn({tokens, out}, options)});
  };
  int64_t out[kGroups] = {}, in[kGroups] = {};
  for (const LinearSite& site : LinearSites(config)) {
    out[site.group] += site.out;
    in[site.group] = site.in;
  }
  for (int g = 0; g < kGroups; ++g) add(t, in[g], out[g]);
  const int64_t layers = config.layers;
  add(t * 4 / 10, config.hidden, config.vocab);
  return TakeTurns([&] {
    double seconds = 0, flops = 0;
    for (size_t i = 0; i < products.size(); ++i) {
      const Product& p = products[i];
      const auto began = std::chrono::steady_clock::now();
      at::mm(p.x_TI, p.w_OI.t());
      at::mm(p.dy_TO, p.w_OI);
      const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
      const double times = i + 1 < products.size() ? static_cast<double>(layers) : 1;
      seconds += times * took.count();
      flops += times * 4.0 * static_cast<double>(p.x_TI.numel() * p.w_OI.size(0));
    }
    return Measured{static_cast<int64_t>(flops), seconds};
  });
}

}  // namespace

int Matmul(const Settings& settings) {
  const absl::Status status = Run(settings);
  if (status.ok()) return 0;
  return std::fprintf(stderr, "matmul: %s\n", status.ToString().c_str()), 1;
}

}  // namespace tuneward::bench
