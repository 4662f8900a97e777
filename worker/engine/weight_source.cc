#include "worker/engine/weight_source.h"

#include <cstdint>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/random.h"
#include "core/model/model_files.h"

namespace tuneward {
namespace {

using at::Tensor;

constexpr uintptr_t kAlignment = 64;  // of torch's CPU allocator

class Folder final : public WeightSource {
 public:
  Folder(ModelFiles files, at::TensorOptions options)
      : path_(std::move(files.path)), tensors_(std::move(files.tensors)), options_(options) {}

  absl::StatusOr<Tensor> Whole(const std::string& name, at::IntArrayRef shape) override {
    TW_ASSIGN_OR_RETURN(const StoredTensor stored, Take(name, shape));
    if (options_.device().is_cpu() && TypeOf(stored.span) == options_.dtype() &&
        reinterpret_cast<uintptr_t>(stored.span.bytes.data()) % kAlignment == 0)
      return ViewOf(stored);
    const Tensor copy = at::empty(shape, options_);
    Copy(stored, copy);
    return copy;
  }

  absl::Status Into(const std::string& name, Tensor to) override {
    TW_ASSIGN_OR_RETURN(const StoredTensor stored, Take(name, to.sizes()));
    Copy(stored, to);
    return absl::OkStatus();
  }

  std::map<std::string, std::string> Left() const override {
    std::map<std::string, std::string> left;
    for (const auto& [name, stored] : tensors_) left[name] = stored.path + ": ";
    return left;
  }

 private:
  absl::StatusOr<StoredTensor> Take(const std::string& name, at::IntArrayRef shape) {
    const auto it = tensors_.find(name);
    if (it == tensors_.end())
      return absl::InvalidArgumentError(absl::StrCat(
          path_, ": tensor '", name, "' is missing; it must have shape ", ShapeText(shape)));
    StoredTensor stored = std::move(it->second);
    tensors_.erase(it);
    if (shape != at::IntArrayRef(stored.span.shape))
      return absl::InvalidArgumentError(absl::StrCat(stored.path, ": tensor '", name,
                                                     "' must have shape ", ShapeText(shape),
                                                     ", got ", ShapeText(stored.span.shape)));
    TW_RETURN_IF_ERROR(CheckFinite(stored, name));
    return stored;
  }

  static void Copy(const StoredTensor& stored, Tensor to) {
    to.copy_(ViewOf(stored));
    stored.file->Release(stored.span.bytes);
  }

  std::string path_;
  StoredTensors tensors_;
  at::TensorOptions options_;
};

class Map final : public WeightSource {
 public:
  Map(TensorMap tensors, at::TensorOptions options)
      : tensors_(std::move(tensors)), options_(options) {}

  absl::StatusOr<Tensor> Whole(const std::string& name, at::IntArrayRef shape) override {
    return TakeTensor(tensors_, name, shape, c10::typeMetaToScalarType(options_.dtype()),
                      options_.device());
  }
  absl::Status Into(const std::string& name, Tensor to) override {
    TW_ASSIGN_OR_RETURN(const Tensor whole, Whole(name, to.sizes()));
    to.copy_(whole);
    return absl::OkStatus();
  }
  std::map<std::string, std::string> Left() const override {
    std::map<std::string, std::string> left;
    for (const auto& [name, tensor] : tensors_) left[name] = "";
    return left;
  }

 private:
  TensorMap tensors_;
  at::TensorOptions options_;
};

class Fresh final : public WeightSource {
 public:
  Fresh(uint64_t seed, double norm, at::TensorOptions options)
      : seed_(seed), norm_(norm), options_(options) {}

  absl::StatusOr<Tensor> Whole(const std::string& name, at::IntArrayRef shape) override {
    constexpr double kStd = 0.02;
    Tensor tensor = at::full(shape, absl::EndsWith(name, ".bias") ? 0 : norm_, at::kFloat);
    if (shape.size() > 1) {
      RandomStream stream(seed_, "init/" + name);
      float* out = tensor.data_ptr<float>();
      for (int64_t i = 0; i < tensor.numel(); ++i)
        out[i] = static_cast<float>(kStd * stream.Normal());
    }
    return tensor.to(options_);
  }
  absl::Status Into(const std::string& name, Tensor to) override {
    TW_ASSIGN_OR_RETURN(const Tensor whole, Whole(name, to.sizes()));
    to.copy_(whole);
    return absl::OkStatus();
  }
  std::map<std::string, std::string> Left() const override { return {}; }

 private:
  uint64_t seed_;
  double norm_;
  at::TensorOptions options_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<WeightSource>> FolderSource(const std::string& folder,
                                                           at::TensorOptions options) {
  TW_ASSIGN_OR_RETURN(ModelFiles files, MapModel(folder));
  return std::make_unique<Folder>(std::move(files), options);
}

std::unique_ptr<WeightSource> MapSource(TensorMap tensors, at::TensorOptions options) {
  return std::make_unique<Map>(std::move(tensors), options);
}

std::unique_ptr<WeightSource> FreshSource(uint64_t seed, double norm, at::TensorOptions options) {
  return std::make_unique<Fresh>(seed, norm, options);
}

}  // namespace tuneward
