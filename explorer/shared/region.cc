// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "explorer/shared/region.h"

#include <sys/mman.h>

#include "providers/base/check.h"

namespace moonpool::explorer {

Region* Region::Map() {
  void* at = mmap(nullptr, sizeof(Region), PROT_READ | PROT_WRITE,
                  MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  CHECK(at != MAP_FAILED) << "cannot map the explorer's shared memory";
  return static_cast<Region*>(at);
}

void Region::Unmap(Region* region) { munmap(region, sizeof(Region)); }

namespace {
size_t Slot(uint64_t key, size_t probe) {
  return (key + probe) & (kFrontierSlots - 1);
}
}  // namespace

bool FrontierEntry::Knows(const MarkQuality& quality,
                          uint64_t known_until) const {
  for (const Version& version : versions) {
    const uint64_t job = version.job.load(std::memory_order_acquire);
    if (job == 0 || job - 1 >= known_until) continue;
    if (!(version.quality < quality)) return true;
  }
  return false;
}

const FrontierEntry* Region::Find(uint64_t key) const {
  if (key == 0) key = 1;
  for (size_t probe = 0; probe < kFrontierSlots; ++probe) {
    const FrontierEntry& entry = frontier[Slot(key, probe)];
    const uint64_t found = entry.key.load(std::memory_order_acquire);
    if (found == 0) return nullptr;
    if (found == key) return &entry;
  }
  return nullptr;
}

bool Region::Knows(uint64_t key, const MarkQuality& quality,
                   uint64_t known_until) const {
  const FrontierEntry* entry = Find(key);
  return entry != nullptr && entry->Knows(quality, known_until);
}

void Region::SetReaches(uint64_t key, uint32_t reaches) {
  if (const FrontierEntry* entry = Find(key)) {
    frontier[entry - frontier].reaches.store(reaches,
                                             std::memory_order_relaxed);
  }
}

bool Region::Commit(uint64_t key, const MarkQuality& quality, uint64_t job,
                    uint64_t all_know_until) {
  if (key == 0) key = 1;
  if (frontier_count.load(std::memory_order_relaxed) >=
      kFrontierSlots / 4 * 3) {
    return false;
  }
  for (size_t probe = 0;; ++probe) {
    FrontierEntry& entry = frontier[Slot(key, probe)];
    const uint64_t found = entry.key.load(std::memory_order_relaxed);
    if (found != 0 && found != key) continue;
    FrontierEntry::Version* free_version = nullptr;
    for (FrontierEntry::Version& version : entry.versions) {
      const uint64_t at = version.job.load(std::memory_order_relaxed);
      if (at == 0) {
        free_version = &version;
        break;
      }
      // Versions that all jobs know serve only while they are the best such.
      if (at - 1 >= all_know_until) continue;
      for (const FrontierEntry::Version& other : entry.versions) {
        const uint64_t other_at = other.job.load(std::memory_order_relaxed);
        if (&other != &version && other_at != 0 &&
            other_at - 1 < all_know_until &&
            version.quality < other.quality) {
          free_version = &version;
        }
      }
    }
    if (free_version == nullptr) return false;
    free_version->job.store(0, std::memory_order_release);
    free_version->quality = quality;
    free_version->job.store(job + 1, std::memory_order_release);
    if (found == 0) {
      entry.key.store(key, std::memory_order_release);
      frontier_count.fetch_add(1, std::memory_order_relaxed);
    }
    return true;
  }
}

}  // namespace moonpool::explorer
