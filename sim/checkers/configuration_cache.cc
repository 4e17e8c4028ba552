// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "sim/checkers/configuration_cache.h"

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/types/span.h"
#include "providers/base/check.h"

namespace moonpool::checkers_internal {

void ConfigurationCache::Reset(size_t words_per_set) {
  words_per_set_ = words_per_set;
  filled_ = 0;
  slots_.assign(64, Slot());
  older_.clear();
  words_.clear();
}

bool ConfigurationCache::Insert(uint64_t key_a, uint64_t key_b,
                                absl::Span<const uint64_t> used) {
  CHECK_EQ(used.size(), words_per_set_);
  if (2 * filled_ >= slots_.size()) Grow();
  Slot& slot = Find(key_a, key_b);
  if (slot.newest == kEmpty) {
    slot = {.a = key_a, .b = key_b};
    ++filled_;
  } else if (HasSubset(slot.newest, used)) {
    return false;
  }
  older_.push_back(slot.newest);
  words_.insert(words_.end(), used.begin(), used.end());
  slot.newest = static_cast<uint32_t>(older_.size());
  return true;
}

ConfigurationCache::Slot& ConfigurationCache::Find(uint64_t key_a,
                                                   uint64_t key_b) {
  size_t at = key_a & (slots_.size() - 1);
  while (slots_[at].newest != kEmpty &&
         (slots_[at].a != key_a || slots_[at].b != key_b)) {
    at = (at + 1) & (slots_.size() - 1);
  }
  return slots_[at];
}

void ConfigurationCache::Grow() {
  std::vector<Slot> old(slots_.size() * 2);
  old.swap(slots_);
  for (const Slot& slot : old) {
    if (slot.newest != kEmpty) Find(slot.a, slot.b) = slot;
  }
}

bool ConfigurationCache::HasSubset(uint32_t newest,
                                   absl::Span<const uint64_t> used) const {
  int compared = 0;
  for (uint32_t at = newest; at != kEmpty; at = older_[at - 1]) {
    const uint64_t* words = words_.data() + (at - 1) * words_per_set_;
    bool is_subset = true;
    for (size_t i = 0; i < words_per_set_ && is_subset; ++i) {
      is_subset = (words[i] & ~used[i]) == 0;
    }
    if (is_subset) return true;
    if (++compared == kMaxCompared) return false;
  }
  return false;
}

}  // namespace moonpool::checkers_internal
