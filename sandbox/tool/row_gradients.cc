#include "sandbox/tool/row_gradients.h"

#include <cmath>
#include <cstring>
#include <utility>

#include "core/base/file.h"
#include "core/model/safetensors.h"
#include "sandbox/tool/quiet_observer.h"

namespace tuneward {
namespace {

// Adam's first step is rate x g / (|g| + epsilon): with both this large, it is g, to one part in
// this number.
constexpr double kPlainStep = 1e6;

void Normalize(std::vector<float>& values) {
  const float length = std::sqrt(Dot(values, values));
  if (length == 0) return;
  for (float& value : values) value /= length;
}

}  // namespace

float Dot(const std::vector<float>& a, const std::vector<float>& b) {
  TW_CHECK(a.size() == b.size());
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += static_cast<double>(a[i]) * b[i];
  return static_cast<float>(sum);
}

RowGradients::RowGradients(BaseModel& model, std::string work_folder, uint64_t seed)
    : model_(model), work_folder_(std::move(work_folder)) {
  spec_.epochs = 1;
  spec_.batch_size = 1;
  spec_.schedule = Schedule::kConstant;
  spec_.learning_rate = kPlainStep;
  spec_.epsilon = kPlainStep;
  spec_.max_grad_norm = 0;
  spec_.seed = seed;
  spec_.lora->rank = 4;
  spec_.lora->alpha = 4;
}

absl::StatusOr<std::vector<float>> RowGradients::Of(const TrainRow& row) {
  TrainInputs inputs;
  inputs.rows = {row};
  inputs.spec = spec_;
  inputs.work_folder = work_folder_;
  QuietObserver observer;
  const std::string folder = work_folder_ + "/gradient";
  TW_RETURN_IF_ERROR(model_.Train(inputs, folder, observer).status());
  TW_ASSIGN_OR_RETURN(const std::string file, ReadFile(folder + "/adapter_model.safetensors"));
  TW_ASSIGN_OR_RETURN(const TensorSpans tensors, ParseSafetensors(file));
  std::vector<float> gradient;
  for (const auto& [name, span] : tensors) {
    if (name.find("lora_B") == std::string::npos) continue;
    const size_t first = gradient.size(), count = span.bytes.size() / sizeof(float);
    gradient.resize(first + count);
    std::memcpy(gradient.data() + first, span.bytes.data(), count * sizeof(float));
  }
  Normalize(gradient);
  return gradient;
}

}  // namespace tuneward
