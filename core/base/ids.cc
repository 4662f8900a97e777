#include "core/base/ids.h"

#include <sys/random.h>

#include "absl/strings/str_cat.h"

namespace tuneward {
namespace {

constexpr char kCrockford[] = "0123456789abcdefghjkmnpqrstvwxyz";

bool IsLower(char c) { return c >= 'a' && c <= 'z'; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

void SystemEntropy::Fill(uint8_t* bytes, size_t size) {
  for (size_t done = 0; done < size;) {
    const ssize_t n = getrandom(bytes + done, size - done, 0);
    if (n > 0) done += static_cast<size_t>(n);
  }
}

std::string IdGenerator::Make(std::string_view prefix) {
  std::array<uint8_t, 16> ulid{};
  {
    std::lock_guard lock(mutex_);
    int64_t ms = clock_.Now().time_since_epoch().count() / 1000;
    if (ms <= last_ms_) {  // same millisecond, or a clock that went back: count up
      ms = last_ms_;
      for (int i = 9; i >= 0 && ++last_random_[i] == 0; --i) {
      }
    } else {
      entropy_.Fill(last_random_.data(), last_random_.size());
      last_random_[0] &= 0x7f;  // room to count
      last_ms_ = ms;
    }
    for (int i = 0; i < 6; ++i) ulid[i] = static_cast<uint8_t>(ms >> (8 * (5 - i)));
    std::copy(last_random_.begin(), last_random_.end(), ulid.begin() + 6);
  }
  // 128 bits as 26 characters of 5 bits, the first holding only 3.
  std::string text(26, '0');
  for (int i = 0; i < 26; ++i) {
    int value = 0;
    for (int bit = 0; bit < 5; ++bit) {
      const int index = i * 5 + bit - 2;
      value = value * 2 + (index < 0 ? 0 : (ulid[index / 8] >> (7 - index % 8)) & 1);
    }
    text[i] = kCrockford[value];
  }
  return absl::StrCat(std::string(prefix), text);
}

absl::Status CheckProjectId(std::string_view id) {
  bool ok = id.size() >= 3 && id.size() <= 32 && IsLower(id[0]);
  for (char c : id) ok = ok && (IsLower(c) || IsDigit(c) || c == '-');
  if (ok) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("a project id is a lower-case letter and 2 to 31 of [a-z0-9-], got \"",
                   std::string(id), "\""));
}

absl::Status CheckBaseModelId(std::string_view id) {
  bool ok = !id.empty() && id.size() <= 63 && (IsLower(id[0]) || IsDigit(id[0]));
  for (char c : id) ok = ok && (IsLower(c) || IsDigit(c) || c == '-' || c == '.');
  if (ok) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      "a base model id is 1 to 63 of [a-z0-9.-] beginning with a letter or digit, got \"",
      std::string(id), "\""));
}

}  // namespace tuneward
