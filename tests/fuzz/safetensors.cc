#include "core/model/safetensors.h"

#include <string>

#include "tests/fuzz/check_text.h"
#include "tests/fuzz/targets.h"

namespace tuneward::fuzz {
namespace {

bool SameTensors(const TensorSpans& a, const TensorSpans& b) {
  if (a.size() != b.size()) return false;
  for (const auto& [name, span] : a) {
    const auto other = b.find(name);
    if (other == b.end() || other->second.dtype != span.dtype ||
        other->second.shape != span.shape || other->second.bytes != span.bytes)
      return false;
  }
  return true;
}

// A span must lie in the file, have the size of its shape, and share no byte with another.
void CheckSpans(const TensorSpans& tensors, std::string_view file) {
  size_t total = 0;
  for (const auto& [name, span] : tensors) {
    CheckIsText(name);
    TW_CHECK(span.bytes.data() >= file.data() + 8 &&
             span.bytes.data() + span.bytes.size() <= file.data() + file.size());
    size_t size = BytesPerElement(span.dtype);
    for (int64_t length : span.shape) {
      TW_CHECK(length >= 1);
      size *= static_cast<size_t>(length);
    }
    TW_CHECK(size == span.bytes.size());
    total += size;
  }
  TW_CHECK(total <= file.size() - 8);
}

}  // namespace

void Safetensors(std::string_view bytes) {
  const auto tensors = ParseSafetensors(bytes);
  if (!tensors.ok()) {
    CheckIsRefusal(tensors.status());
    return;
  }
  CheckSpans(*tensors, bytes);
  const std::string written = SerializeSafetensors(*tensors);
  const auto again = ParseSafetensors(written);
  TW_CHECK(again.ok() && SameTensors(*tensors, *again));
  TW_CHECK(SerializeSafetensors(*again) == written);
}

}  // namespace tuneward::fuzz
