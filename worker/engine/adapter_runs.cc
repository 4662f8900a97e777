#include "worker/engine/adapter_runs.h"

namespace tuneward {

std::vector<AdapterRun> RunsOf(std::span<const Adapter* const> adapters) {
  std::vector<AdapterRun> runs;
  for (size_t i = 0; i < adapters.size(); ++i) {
    if (i == 0 || adapters[i] != adapters[i - 1])
      runs.push_back({adapters[i], static_cast<int64_t>(i), 0});
    ++runs.back().rows;
  }
  return runs;
}

at::Tensor LinearOfRuns(const at::Tensor& x_TI, const at::Tensor& w_OI,
                        std::span<const AdapterRun> runs, int64_t layer, Group group) {
  std::vector<LoraRows> lora;
  for (const AdapterRun& run : runs)
    if (run.adapter) lora.push_back({&run.adapter->layer(layer)[group], run.begin, run.rows, {}});
  return GroupLinearForward(x_TI, w_OI, lora);
}

}  // namespace tuneward
