// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "explorer/shared/frontier.h"

#include <utility>

namespace moonpool::explorer {
namespace {

constexpr uint32_t kNumberBits = 24;
constexpr uint32_t kNumberMask = (uint32_t{1} << kNumberBits) - 1;
static_assert(Frontier::kMaxMarks <= kNumberMask, "numbers from 1 fit");
static_assert(Frontier::kMaxMarks * 2 <= FrontierIndex::kLastSize,
              "the last index is never over half full");

// The slot's number comes from the key's lowest bits, so these are others.
uint32_t TagOf(uint64_t key) {
  return static_cast<uint32_t>(key >> 56) << kNumberBits;
}

// The version may be replaced meanwhile. Then another one is as good, and was
// known to all jobs in flight before: so that one gives the answer.
bool VersionKnows(const FrontierVersion& version, const MarkQuality& quality,
                  uint64_t known_until) {
  const uint64_t job = version.job.load(std::memory_order_acquire);
  if (job == 0 || job - 1 >= known_until) return false;
  const bool is_as_good = !(version.quality < quality);
  std::atomic_thread_fence(std::memory_order_acquire);
  return is_as_good && version.job.load(std::memory_order_relaxed) == job;
}

void Write(FrontierVersion& version, const MarkQuality& quality,
           uint64_t job) {
  version.job.store(0, std::memory_order_relaxed);
  std::atomic_thread_fence(std::memory_order_release);
  version.quality = quality;
  version.job.store(job + 1, std::memory_order_release);
}

}  // namespace

const FrontierEntry* Frontier::Find(uint64_t key) const {
  const FrontierIndex index = index_.load(std::memory_order_acquire);
  const std::atomic<uint32_t>* const slots = SlotsOf(index);
  const uint32_t tag = TagOf(key);
  for (size_t at = key;; ++at) {
    const uint32_t slot =
        slots[at & index.mask].load(std::memory_order_acquire);
    if (slot == 0) return nullptr;
    if ((slot & ~kNumberMask) != tag) continue;
    const FrontierEntry& entry = entries_[(slot & kNumberMask) - 1];
    if (entry.key == key) return &entry;
  }
}

FrontierEntry* Frontier::FindEntry(uint64_t key) {
  return const_cast<FrontierEntry*>(std::as_const(*this).Find(key));
}

bool Frontier::Knows(const FrontierEntry& entry, const MarkQuality& quality,
                     uint64_t known_until) const {
  if (VersionKnows(entry.first, quality, known_until)) return true;
  const uint32_t improvements =
      entry.improvements.load(std::memory_order_acquire);
  if (improvements == 0) return false;
  for (const FrontierVersion& version :
       improvements_[improvements - 1].versions) {
    if (VersionKnows(version, quality, known_until)) return true;
  }
  return false;
}

void Frontier::SetReaches(uint64_t key, uint32_t reaches) {
  if (FrontierEntry* entry = FindEntry(key)) {
    entry->reaches.store(reaches, std::memory_order_relaxed);
  }
}

void Frontier::SetUnwantedFrom(uint64_t key, uint64_t draws) {
  if (FrontierEntry* entry = FindEntry(key)) {
    entry->unwanted_from.store(~draws, std::memory_order_relaxed);
  }
}

bool Frontier::Commit(uint64_t key, const MarkQuality& quality, uint64_t job,
                      uint64_t all_know_until) {
  FrontierEntry* const entry = FindEntry(key);
  return entry == nullptr ? Add(key, quality, job)
                          : Improve(*entry, quality, job, all_know_until);
}

bool Frontier::Add(uint64_t key, const MarkQuality& quality, uint64_t job) {
  const uint32_t number = size();
  if (number == kMaxMarks) return false;
  FrontierEntry& entry = entries_[number];
  entry.key = key;
  Write(entry.first, quality, job);
  if ((number + 1) * 2 > index_.load(std::memory_order_relaxed).mask + 1) {
    Grow();
  }
  Insert(index_.load(std::memory_order_relaxed), key, number,
         std::memory_order_release);
  size_.store(number + 1, std::memory_order_relaxed);
  return true;
}

void Frontier::Insert(FrontierIndex index, uint64_t key, uint32_t entry,
                      std::memory_order order) {
  auto* const slots = const_cast<std::atomic<uint32_t>*>(SlotsOf(index));
  size_t at = key;
  while (slots[at & index.mask].load(std::memory_order_relaxed) != 0) ++at;
  slots[at & index.mask].store(TagOf(key) | (entry + 1), order);
}

void Frontier::Grow() {
  const FrontierIndex next = index_.load(std::memory_order_relaxed).Next();
  for (uint32_t entry = 0; entry < size(); ++entry) {
    Insert(next, entries_[entry].key, entry, std::memory_order_relaxed);
  }
  index_.store(next, std::memory_order_release);
}

bool Frontier::Improve(FrontierEntry& entry, const MarkQuality& quality,
                       uint64_t job, uint64_t all_know_until) {
  uint32_t block = entry.improvements.load(std::memory_order_relaxed);
  const bool is_first = block == 0;
  if (is_first) {
    if (improved_ == kMaxImproved) return false;
    block = ++improved_;
  }
  FrontierVersion* versions[kVersions] = {&entry.first};
  for (size_t i = 1; i < kVersions; ++i) {
    versions[i] = &improvements_[block - 1].versions[i - 1];
  }
  FrontierVersion* free_version = nullptr;
  for (FrontierVersion* version : versions) {
    const uint64_t at = version->job.load(std::memory_order_relaxed);
    if (at == 0) {
      free_version = version;
      break;
    }
    // Versions that all jobs know serve only while they are the best such.
    if (at - 1 >= all_know_until) continue;
    for (const FrontierVersion* other : versions) {
      const uint64_t other_at = other->job.load(std::memory_order_relaxed);
      if (other != version && other_at != 0 && other_at - 1 < all_know_until &&
          version->quality < other->quality) {
        free_version = version;
      }
    }
  }
  if (free_version == nullptr) return false;
  Write(*free_version, quality, job);
  if (is_first) entry.improvements.store(block, std::memory_order_release);
  return true;
}

}  // namespace moonpool::explorer
