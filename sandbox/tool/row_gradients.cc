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

// Products with A, whose entries have the variance 1 / (3 x width), are made alike again.
absl::Status Append(const TensorSpans& tensors, const std::string& name_b, const TensorSpan& b,
                    std::vector<float>& gradient) {
  std::string name_a = name_b;
  name_a.replace(name_a.find("lora_B"), 6, "lora_A");
  const auto a = tensors.find(name_a);
  if (a == tensors.end() || a->second.shape.size() != 2)
    return absl::InternalError("the adapter has no " + name_a);
  const float scale = std::sqrt(static_cast<float>(a->second.shape[1]));
  const size_t first = gradient.size(), count = b.bytes.size() / sizeof(float);
  gradient.resize(first + count);
  std::memcpy(gradient.data() + first, b.bytes.data(), count * sizeof(float));
  for (size_t i = first; i < gradient.size(); ++i) gradient[i] *= scale;
  return absl::OkStatus();
}

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
  for (const auto& [name, span] : tensors)
    if (name.find("lora_B") != std::string::npos)
      TW_RETURN_IF_ERROR(Append(tensors, name, span, gradient));
  Normalize(gradient);
  return gradient;
}

}  // namespace tuneward
