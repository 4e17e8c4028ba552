// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// ConfigurationCache: the configurations that a search has met. A key (the
// fingerprint of the known operations and the state) holds several sets of
// unknown operations used; a set is refused if the cache has a subset of it,
// since whatever can follow it can follow the smaller one too. Internal to this
// room.
//
// Determinism: open addressing by the fingerprint; never iterated.
#ifndef MOONPOOL_SIM_CHECKERS_CONFIGURATION_CACHE_H_
#define MOONPOOL_SIM_CHECKERS_CONFIGURATION_CACHE_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/types/span.h"

namespace moonpool::checkers_internal {

class ConfigurationCache {
 public:
  // Forgets everything; sets have so many words from now on.
  void Reset(size_t words_per_set);
  // False if a subset of used is there under this key.
  bool Insert(uint64_t key_a, uint64_t key_b, absl::Span<const uint64_t> used);

 private:
  // Longer chains are not searched to the end: the search is slower then, not
  // wrong.
  static constexpr int kMaxCompared = 256;
  static constexpr uint32_t kEmpty = 0;
  struct Slot {
    uint64_t a = 0;
    uint64_t b = 0;
    uint32_t newest = kEmpty;  // 1 + its set's number
  };
  Slot& Find(uint64_t key_a, uint64_t key_b);
  void Grow();
  bool HasSubset(uint32_t newest, absl::Span<const uint64_t> used) const;

  size_t words_per_set_ = 0;
  size_t filled_ = 0;
  std::vector<Slot> slots_;
  std::vector<uint32_t> older_;  // of each set, as Slot::newest
  std::vector<uint64_t> words_;
};

}  // namespace moonpool::checkers_internal

#endif  // MOONPOOL_SIM_CHECKERS_CONFIGURATION_CACHE_H_
