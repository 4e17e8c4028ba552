// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "explorer/shared/region.h"

#include <sys/mman.h>

#include <algorithm>
#include <initializer_list>

#include "providers/base/check.h"
#include "providers/base/hash.h"

namespace moonpool::explorer {

namespace {

// On either side of the region.
constexpr size_t kGuard = size_t{1} << 20;
static_assert(sizeof(Region) % 4096 == 0, "whole pages");

uint64_t Add(uint64_t checksum, absl::string_view bytes) {
  return Combine64(checksum, HashBytes(bytes));
}

template <typename Value>
uint64_t AddArray(uint64_t checksum, const Value* values, size_t count) {
  return Add(checksum, {reinterpret_cast<const char*>(values),
                        count * sizeof(Value)});
}

uint64_t AddNumbers(uint64_t checksum,
                    std::initializer_list<uint64_t> numbers) {
  for (const uint64_t number : numbers) {
    checksum = Combine64(checksum, number);
  }
  return checksum;
}

}  // namespace

Region* Region::Map() {
  void* guarded = mmap(nullptr, sizeof(Region) + 2 * kGuard, PROT_NONE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  CHECK(guarded != MAP_FAILED) << "cannot map the explorer's shared memory";
  void* at = mmap(static_cast<char*>(guarded) + kGuard, sizeof(Region),
                  PROT_READ | PROT_WRITE,
                  MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1,
                  0);
  CHECK(at != MAP_FAILED) << "cannot map the explorer's shared memory";
  return static_cast<Region*>(at);
}

void Region::Unmap(Region* region) {
  munmap(reinterpret_cast<char*>(region) - kGuard,
         sizeof(Region) + 2 * kGuard);
}

void Region::MakeFrontierReadOnly() {
  CHECK(mprotect(frontier, sizeof(frontier) + sizeof(edges), PROT_READ) == 0)
      << "cannot protect the explorer's shared memory";
}

uint64_t AddToChecksum(uint64_t checksum, const Arrival& arrival) {
  checksum = AddNumbers(
      checksum, {arrival.key, arrival.ordinal, arrival.segment_draws,
                 arrival.draws, arrival.events,
                 static_cast<uint64_t>(arrival.time_ns)});
  return AddArray(checksum, arrival.quality.data(), arrival.quality.size());
}

uint64_t AddToChecksum(uint64_t checksum, const Discovery& discovery) {
  checksum = AddToChecksum(checksum, static_cast<const Arrival&>(discovery));
  checksum = AddNumbers(
      checksum,
      {static_cast<uint64_t>(discovery.checkpoint), discovery.assertion,
       discovery.first_edge, discovery.edges});
  return Add(checksum, discovery.label.Get());
}

uint64_t AddToChecksum(uint64_t checksum, const ViolationRecord& violation) {
  checksum = AddNumbers(
      checksum, {violation.identity, static_cast<uint64_t>(violation.time_ns),
                 violation.event, violation.draw});
  checksum = Add(checksum, violation.kind.Get());
  checksum = Add(checksum, violation.message.Get());
  checksum = Add(checksum, violation.details.Get());
  return Add(checksum, violation.place.Get());
}

uint64_t JobSlot::ChecksumOf(uint64_t told, size_t assertions) const {
  told = AddNumbers(told, {job, discoveries_dropped, draws, events,
                           static_cast<uint64_t>(time_ns), trace_hash,
                           sample_count});
  told = AddArray(told, samples,
                  std::min<size_t>(sample_count, TraceHash::kMaxSamples));
  told = AddArray(told, edges,
                  std::min<size_t>(edge_count.load(), kMaxEdgeHits));
  assertions = std::min(assertions, kMaxAssertions);
  return AddArray(told, counts, assertions);
}

bool JobSlot::IsIntact(size_t assertions) const {
  const uint32_t count = discovery_count.load();
  const uint32_t again = arrival_count.load();
  if (count > kMaxDiscoveries || again > kMaxArrivals ||
      edge_count.load() > kMaxEdgeHits || free_count > kMaxNewCheckpoints) {
    return false;
  }
  uint64_t told = 0;
  uint32_t next_edge = 0;
  for (uint32_t i = 0; i < count; ++i) {
    const Discovery& found = discoveries[i];
    const int32_t* end = free_checkpoints + free_count;
    const bool is_own =
        found.checkpoint == -1 ||
        (found.checkpoint > kNursery &&
         found.checkpoint < static_cast<int32_t>(kMaxCheckpoints) &&
         std::find(free_checkpoints, end, found.checkpoint) != end);
    const bool is_of_edges = found.assertion == kEdgesAssertion;
    if (!is_own || (!is_of_edges && found.assertion >= assertions)) {
      return false;
    }
    if (is_of_edges) {
      if (found.first_edge < next_edge ||
          uint64_t{found.first_edge} + found.edges > edge_count.load()) {
        return false;
      }
      next_edge = found.first_edge + found.edges;
    }
    told += AddToChecksum(0, found);
  }
  for (uint32_t i = 0; i < again; ++i) told += AddToChecksum(0, arrivals[i]);
  if (finished.load() == 0) return true;
  if (sample_count > TraceHash::kMaxSamples) return false;
  if (has_violation.load() != 0) told += AddToChecksum(0, violation);
  return ChecksumOf(told, assertions) == checksum;
}

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
