// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// The frontier: every mark that has been discovered so far, in shared memory.
// The coordinator commits; timelines look up, at the same time and without a
// lock.
//
//   index ── 32 bits a slot: eight of the key, and the number of an entry
//     └─ entries ── one cache line each, dense, in the order of discovery
//          └─ improvements ── of the few marks whose quality got better
//
// The index begins with 2 KB, before the first entries, and is followed by one
// four times as large whenever it is half full: a fresh process takes a page
// fault for each window that it looks at, so these grow with what is known.
//
// A timeline of job n may only know what jobs up to n - lag have committed,
// while the coordinator is already ahead; so an improvement of the quality is a
// further version, not an overwrite. For the same reason it does no harm that a
// timeline may still look into an index that has just been replaced.
//
// Fork: lies in the region, hence never copied. All zeros is an empty one.
#ifndef MOONPOOL_EXPLORER_SHARED_FRONTIER_H_
#define MOONPOOL_EXPLORER_SHARED_FRONTIER_H_

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "sim/assertions/table.h"

namespace moonpool::explorer {

struct FrontierVersion {
  std::atomic<uint64_t> job;  // that committed it, plus one; 0: empty
  MarkQuality quality;
};

// One known mark.
struct alignas(64) FrontierEntry {
  uint64_t key;
  // Committed timelines that came here, up to kReachesCounted.
  std::atomic<uint32_t> reaches;
  // Its further versions: their number plus one; 0: none.
  std::atomic<uint32_t> improvements;
  FrontierVersion first;
  // The complement of a number of draws: at zero, all are wanted.
  std::atomic<uint64_t> unwanted_from;

  // Whether an arrival after so many draws may be of use, however many there
  // were before.
  bool Wants(uint64_t draws) const {
    return draws < ~unwanted_from.load(std::memory_order_relaxed);
  }
};
static_assert(sizeof(FrontierEntry) == 64, "a cache line");

// Where an index lies: the first one by itself, the others one behind another.
// No bits: the empty one before the first.
struct FrontierIndex {
  static constexpr uint32_t kFirstSize = 1 << 9;
  static constexpr uint32_t kLastSize = 1 << 25;
  uint32_t begin = 0;
  uint32_t mask = 0;  // its size less one

  // Four times as large, behind this one.
  constexpr FrontierIndex Next() const {
    if (mask == 0) return {.begin = 0, .mask = kFirstSize - 1};
    const uint32_t end = mask < kFirstSize ? 0 : begin + mask + 1;
    return {.begin = end, .mask = mask * 4 + 3};
  }
};
static_assert(sizeof(FrontierIndex) == 8, "read at once");

class Frontier {
 public:
  static constexpr size_t kMaxMarks = (size_t{1} << 24) - 1;
  static constexpr size_t kMaxImproved = size_t{1} << 22;
  static constexpr size_t kVersions = 4;  // of one mark, at once

  // The mark's entry, or null.
  const FrontierEntry* Find(uint64_t key) const;
  // Whether the mark is known, at this quality or a better one, to a job that
  // knows what jobs < known_until have committed.
  bool Knows(const FrontierEntry& entry, const MarkQuality& quality,
             uint64_t known_until) const;
  // Committed marks.
  uint32_t size() const { return size_.load(std::memory_order_relaxed); }

  // Coordinator: job has committed this mark. False if the frontier is full, or
  // if the mark has kVersions versions that some job in flight must tell apart;
  // jobs < all_know_until are known to all.
  bool Commit(uint64_t key, const MarkQuality& quality, uint64_t job,
              uint64_t all_know_until);
  // Coordinator: the mark, if it is known, has had so many arrivals.
  void SetReaches(uint64_t key, uint32_t reaches);
  // Coordinator: the mark, if it is known, no longer wants arrivals after so
  // many draws or more. REQUIRES: no more than it wanted so far.
  void SetUnwantedFrom(uint64_t key, uint64_t draws);

 private:
  struct Improvements {
    FrontierVersion versions[kVersions - 1];
  };

  const std::atomic<uint32_t>* SlotsOf(FrontierIndex index) const {
    return index.mask < FrontierIndex::kFirstSize ? small_slots_
                                                  : slots_ + index.begin;
  }
  FrontierEntry* FindEntry(uint64_t key);
  // Puts an entry into an index that does not have its key.
  void Insert(FrontierIndex index, uint64_t key, uint32_t entry,
              std::memory_order order);
  void Grow();
  bool Add(uint64_t key, const MarkQuality& quality, uint64_t job);
  bool Improve(FrontierEntry& entry, const MarkQuality& quality, uint64_t job,
               uint64_t all_know_until);

  std::atomic<uint32_t> size_;
  uint32_t improved_;
  std::atomic<FrontierIndex> index_;  // the one in use
  // 0: empty; else the key's highest bits, and an entry's number plus one.
  std::atomic<uint32_t> small_slots_[FrontierIndex::kFirstSize];
  FrontierEntry entries_[kMaxMarks];
  std::atomic<uint32_t>
      slots_[(FrontierIndex::kLastSize - FrontierIndex::kFirstSize) / 3 * 4];
  Improvements improvements_[kMaxImproved];
};

}  // namespace moonpool::explorer

#endif  // MOONPOOL_EXPLORER_SHARED_FRONTIER_H_
