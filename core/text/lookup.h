// A hash table that can be asked and not walked: the order of its entries is nobody's, so no
// result can depend on it. For vocabularies and merges, where std::map is many times slower.
// Reading is thread-safe.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "absl/container/flat_hash_map.h"

namespace tuneward {

template <typename Key, typename Value>
class Lookup {
 public:
  // False: the key is there already and keeps its value.
  bool Insert(Key key, Value value) {
    return entries_.try_emplace(std::move(key), std::move(value)).second;
  }
  // Null: there is none. Valid until the next Insert or Clear. A std::string is asked for as a
  // std::string_view.
  template <typename Asked>
  const Value* Find(const Asked& key) const {
    const auto found = entries_.find(Bridge(key));
    return found == entries_.end() ? nullptr : &found->second;
  }
  void Reserve(size_t size) { entries_.reserve(size); }
  void Clear() { entries_.clear(); }
  size_t size() const { return entries_.size(); }

 private:
  static absl::string_view Bridge(std::string_view text) { return {text.data(), text.size()}; }
  static absl::string_view Bridge(const std::string& text) { return text; }
  template <typename Other>
  static const Other& Bridge(const Other& key) {
    return key;
  }
  absl::flat_hash_map<Key, Value> entries_;
};

}  // namespace tuneward
