// The safetensors format, without torch. Reading treats the file as hostile: the header's size,
// every offset, shape and name are checked before a byte of data is used; tensors must tile the
// data area exactly (no gap, no overlap). Writing is deterministic: tensors in name order, header
// padded to 8 bytes, no timestamps. Pure but for MappedFile.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/types/span.h"
#include "core/base/status.h"

namespace tuneward {

enum class DType { kFloat32, kBFloat16, kFloat16 };
size_t BytesPerElement(DType dtype);
std::string ShapeText(absl::Span<const int64_t> shape);  // "[2, 3]"

struct TensorSpan {
  DType dtype = DType::kFloat32;
  std::vector<int64_t> shape;
  std::string_view bytes;  // little-endian, row-major; borrowed from the file
};

using TensorSpans = std::map<std::string, TensorSpan>;

// INVALID_ARGUMENT that names the tensor and what is wrong. The spans borrow `file`.
absl::StatusOr<TensorSpans> ParseSafetensors(std::string_view file);

// Header and data. Metadata is {"format":"pt"}, which Hugging Face's loaders ask for.
std::string SerializeSafetensors(const TensorSpans& tensors);

// The place of the first NaN or infinity, in elements.
std::optional<size_t> FirstNonFinite(const TensorSpan& span);

// A whole file, mapped. The pages may be written: what is written is this process's own and never
// reaches the file. The file must not be changed in place while it is mapped; replacing it by
// rename, as all our writers do, is safe.
class MappedFile {
 public:
  static absl::StatusOr<std::unique_ptr<MappedFile>> Open(const std::string& path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  std::string_view bytes() const { return bytes_; }
  // Gives the pages that lie wholly or partly in `part` back to the system; they come from the file
  // again when they are read. Nothing near `part` may have been written.
  void Release(std::string_view part) const;

 private:
  explicit MappedFile(std::string_view bytes) : bytes_(bytes) {}
  std::string_view bytes_;
};

}  // namespace tuneward
