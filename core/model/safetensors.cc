#include "core/model/safetensors.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/cut_text.h"
#include "core/base/file.h"
#include "core/base/json.h"

namespace tuneward {
namespace {

constexpr uint64_t kMaxHeaderBytes = uint64_t{16} << 20;
constexpr size_t kMaxTensors = 100000, kMaxDimensions = 8, kMaxNameBytes = 512;

uint64_t ReadU64(std::string_view bytes) {
  uint64_t value = 0;
  for (int i = 7; i >= 0; --i) value = value << 8 | static_cast<uint8_t>(bytes[i]);
  return value;
}

absl::Status Bad(const std::string& name, const std::string& what) {
  return absl::InvalidArgumentError(absl::StrCat("safetensors: tensor '", name, "': ", what));
}

bool IsIndex(const Json& value) {
  return value.is_number_unsigned() || (value.is_number_integer() && value.get<int64_t>() >= 0);
}

struct Placed {
  std::string name;
  TensorSpan span;
  uint64_t begin = 0, end = 0;
};

absl::StatusOr<Placed> ReadEntry(const std::string& name, const Json& entry,
                                 std::string_view data) {
  Placed out{name, {}, 0, 0};
  if (name.empty() || name.size() > kMaxNameBytes)
    return Bad(CutText(name, 64), "name must have 1 to 512 bytes");
  if (!entry.is_object() || entry.size() != 3 || !entry.contains("dtype") ||
      !entry.contains("shape") || !entry.contains("data_offsets"))
    return Bad(name, "must be an object with dtype, shape and data_offsets");
  const Json& dtype = entry["dtype"];
  if (dtype == "F32")
    out.span.dtype = DType::kFloat32;
  else if (dtype == "BF16")
    out.span.dtype = DType::kBFloat16;
  else if (dtype == "F16")
    out.span.dtype = DType::kFloat16;
  else
    return Bad(name,
               absl::StrCat("dtype must be F32, BF16 or F16, got ", CutText(dtype.dump(), 32)));
  const Json& shape = entry["shape"];
  if (!shape.is_array() || shape.size() > kMaxDimensions)
    return Bad(name,
               absl::StrCat("shape must be an array of at most ", kMaxDimensions, " numbers"));
  uint64_t bytes = BytesPerElement(out.span.dtype);
  for (const Json& size : shape) {
    if (!IsIndex(size) || size.get<uint64_t>() == 0)
      return Bad(name, "each size must be at least 1");
    if (size.get<uint64_t>() > data.size() ||
        __builtin_mul_overflow(bytes, size.get<uint64_t>(), &bytes) || bytes > data.size())
      return Bad(name, absl::StrCat("shape ", shape.dump(), " is larger than the file's ",
                                    data.size(), " bytes of data"));
    out.span.shape.push_back(size.get<int64_t>());
  }
  const Json& offsets = entry["data_offsets"];
  if (!offsets.is_array() || offsets.size() != 2 || !IsIndex(offsets[0]) || !IsIndex(offsets[1]))
    return Bad(name, "data_offsets must be two numbers");
  out.begin = offsets[0].get<uint64_t>();
  out.end = offsets[1].get<uint64_t>();
  if (out.begin > out.end || out.end > data.size())
    return Bad(name, absl::StrCat("data_offsets ", offsets.dump(), " lie outside the ", data.size(),
                                  " bytes of data"));
  if (out.end - out.begin != bytes)
    return Bad(name, absl::StrCat("shape needs ", bytes, " bytes, data_offsets give ",
                                  out.end - out.begin));
  out.span.bytes = data.substr(out.begin, bytes);
  return out;
}

// The first element whose exponent is all ones. Blocks are looked through without a branch, so that
// the compiler can use vectors: a model's every byte passes here.
template <typename Bits>
std::optional<size_t> FirstWithAllOnes(std::string_view bytes, Bits exponent) {
  constexpr size_t kBlock = 1024;
  const size_t count = bytes.size() / sizeof(Bits);
  for (size_t begin = 0; begin < count; begin += kBlock) {
    const size_t n = std::min(kBlock, count - begin);
    Bits block[kBlock];  // the file need not be aligned
    std::memcpy(block, bytes.data() + begin * sizeof(Bits), n * sizeof(Bits));
    bool any = false;
    for (size_t i = 0; i < n; ++i) any |= (block[i] & exponent) == exponent;
    if (!any) continue;
    for (size_t i = 0; i < n; ++i)
      if ((block[i] & exponent) == exponent) return begin + i;
  }
  return std::nullopt;
}

}  // namespace

size_t BytesPerElement(DType dtype) { return dtype == DType::kFloat32 ? 4 : 2; }

std::string ShapeText(absl::Span<const int64_t> shape) {
  return absl::StrCat("[", absl::StrJoin(shape, ", "), "]");
}

absl::StatusOr<TensorSpans> ParseSafetensors(std::string_view file) {
  if (file.size() < 8)
    return absl::InvalidArgumentError(
        absl::StrCat("safetensors: the file has ", file.size(), " bytes, less than a header"));
  const uint64_t header_bytes = ReadU64(file);
  if (header_bytes > kMaxHeaderBytes || header_bytes > file.size() - 8)
    return absl::InvalidArgumentError(absl::StrCat("safetensors: header of ", header_bytes,
                                                   " bytes does not fit (file ", file.size(),
                                                   ", limit ", kMaxHeaderBytes, ")"));
  const std::string_view data = file.substr(8 + header_bytes);
  auto header = ParseJson(file.substr(8, header_bytes), 4);
  if (!header.ok())
    return absl::InvalidArgumentError(
        absl::StrCat("safetensors: header: ", std::string(header.status().message())));
  if (!header->is_object() || header->size() > kMaxTensors)
    return absl::InvalidArgumentError(
        absl::StrCat("safetensors: header must be an object of at most ", kMaxTensors, " tensors"));
  std::vector<Placed> placed;
  for (const auto& [name, entry] : header->items()) {
    if (name == "__metadata__") {
      if (!entry.is_object() ||
          !std::all_of(entry.begin(), entry.end(), [](const Json& v) { return v.is_string(); }))
        return Bad(name, "must map strings to strings");
      continue;
    }
    TW_ASSIGN_OR_RETURN(Placed one, ReadEntry(name, entry, data));
    placed.push_back(std::move(one));
  }
  std::sort(placed.begin(), placed.end(),
            [](const Placed& a, const Placed& b) { return a.begin < b.begin; });
  uint64_t next = 0;
  TensorSpans spans;
  for (Placed& one : placed) {
    if (one.begin != next)
      return Bad(one.name, absl::StrCat("starts at ", one.begin, " where ", next,
                                        " is expected (gap or overlap)"));
    next = one.end;
    spans.emplace(one.name, std::move(one.span));
  }
  if (next != data.size())
    return absl::InvalidArgumentError(
        absl::StrCat("safetensors: ", data.size() - next, " bytes after the last tensor"));
  return spans;
}

std::optional<size_t> FirstNonFinite(const TensorSpan& span) {
  switch (span.dtype) {
    case DType::kFloat32:
      return FirstWithAllOnes<uint32_t>(span.bytes, 0x7f800000u);
    case DType::kBFloat16:
      return FirstWithAllOnes<uint16_t>(span.bytes, 0x7f80u);
    case DType::kFloat16:
      break;
  }
  return FirstWithAllOnes<uint16_t>(span.bytes, 0x7c00u);
}

std::string SerializeSafetensors(const TensorSpans& tensors) {
  static constexpr const char* kNames[] = {"F32", "BF16", "F16"};
  Json header = {{"__metadata__", {{"format", "pt"}}}};
  uint64_t offset = 0;
  for (const auto& [name, span] : tensors) {
    header[name] = {{"dtype", kNames[static_cast<int>(span.dtype)]},
                    {"shape", span.shape},
                    {"data_offsets", {offset, offset + span.bytes.size()}}};
    offset += span.bytes.size();
  }
  std::string text = header.dump();
  text.resize((text.size() + 7) / 8 * 8, ' ');
  std::string out;
  out.reserve(8 + text.size() + offset);
  for (int i = 0; i < 8; ++i) out.push_back(static_cast<char>(uint64_t{text.size()} >> (8 * i)));
  out += text;
  for (const auto& [name, span] : tensors) out += span.bytes;
  return out;
}

absl::StatusOr<std::unique_ptr<MappedFile>> MappedFile::Open(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return ErrnoStatus(errno, path);
  struct stat info {};
  if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode) || info.st_size == 0) {
    close(fd);
    return absl::InvalidArgumentError(path + ": not a file, or empty");
  }
  const size_t size = static_cast<size_t>(info.st_size);
  void* memory = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_NORESERVE, fd, 0);
  const int error = errno;
  close(fd);
  if (memory == MAP_FAILED) return ErrnoStatus(error, path);
  return std::unique_ptr<MappedFile>(new MappedFile({static_cast<const char*>(memory), size}));
}

void MappedFile::Release(std::string_view part) const {
  const uintptr_t page = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
  const uintptr_t begin = reinterpret_cast<uintptr_t>(part.data()) / page * page;
  const uintptr_t end = reinterpret_cast<uintptr_t>(part.data() + part.size());
  // Only a hint to the system: without it the pages stay until memory is short.
  (void)madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
}

MappedFile::~MappedFile() { munmap(const_cast<char*>(bytes_.data()), bytes_.size()); }

}  // namespace tuneward
