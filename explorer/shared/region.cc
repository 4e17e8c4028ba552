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
static_assert(sizeof(Region) % kFaultWindow == 0, "whole pages");

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
  constexpr size_t kSize = sizeof(Region) + 2 * kGuard;
  void* mapped = mmap(nullptr, kSize + kFaultWindow, PROT_NONE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  CHECK(mapped != MAP_FAILED) << "cannot map the explorer's shared memory";
  // What is too much for a beginning at a multiple of its alignment.
  const size_t before =
      kFaultWindow - reinterpret_cast<uintptr_t>(mapped) % kFaultWindow;
  char* const guarded = static_cast<char*>(mapped) + before;
  munmap(mapped, before);
  if (before < kFaultWindow) munmap(guarded + kSize, kFaultWindow - before);
  void* at = mmap(guarded + kGuard, sizeof(Region), PROT_READ | PROT_WRITE,
                  MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1,
                  0);
  CHECK(at != MAP_FAILED) << "cannot map the explorer's shared memory";
  return static_cast<Region*>(at);
}

void Region::Unmap(Region* region) {
  munmap(reinterpret_cast<char*>(region) - kGuard,
         sizeof(Region) + 2 * kGuard);
}

void Region::MakeOrdersReadOnly() {
  char* const begin = reinterpret_cast<char*>(&coordinator_pid);
  char* const end = reinterpret_cast<char*>(this + 1);
  CHECK(mprotect(begin, static_cast<size_t>(end - begin), PROT_READ) == 0)
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
  checksum = AddToChecksum(checksum, discovery.at);
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

uint64_t JobSlot::ChecksumOf(uint64_t job, uint64_t told,
                             size_t assertions) const {
  told = AddNumbers(told, {job, discoveries_dropped, draws, events,
                           static_cast<uint64_t>(time_ns), trace_hash,
                           drawn_kinds, sample_count});
  told = AddArray(told, samples,
                  std::min<size_t>(sample_count, TraceHash::kMaxSamples));
  told = AddArray(told, edges,
                  std::min<size_t>(edge_count.load(), kMaxEdgeHits));
  assertions = std::min(assertions, kMaxAssertions);
  return AddArray(told, counts, assertions);
}

bool JobSlot::IsIntact(const JobOrder& order, size_t assertions) const {
  const uint32_t count = discovery_count.load();
  const uint32_t again = arrival_count.load();
  if (count > kMaxDiscoveries || again > kMaxArrivals ||
      edge_count.load() > kMaxEdgeHits) {
    return false;
  }
  uint64_t told = 0;
  uint32_t next_edge = 0;
  for (uint32_t i = 0; i < count; ++i) {
    const Discovery& found = discoveries[i];
    const int32_t* end = order.free_checkpoints + order.free_count;
    const bool is_own =
        found.checkpoint == -1 ||
        std::find(order.free_checkpoints, end, found.checkpoint) != end;
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
  return ChecksumOf(order.job, told, assertions) == checksum;
}

bool FrontierEntry::Knows(const MarkQuality& quality,
                          uint64_t known_until) const {
  for (const Version& version : versions) {
    const uint64_t job = version.job.load(std::memory_order_acquire);
    if (job == 0 || job - 1 >= known_until) continue;
    if (!(version.quality < quality)) return true;
  }
  return false;
}

FrontierEntry::Version* FrontierEntry::FreeVersion(uint64_t all_know_until) {
  Version* free_version = nullptr;
  for (Version& version : versions) {
    const uint64_t at = version.job.load(std::memory_order_relaxed);
    if (at == 0) return &version;
    // Versions that all jobs know serve only while they are the best such.
    if (at - 1 >= all_know_until) continue;
    for (const Version& other : versions) {
      const uint64_t other_at = other.job.load(std::memory_order_relaxed);
      if (&other != &version && other_at != 0 &&
          other_at - 1 < all_know_until && version.quality < other.quality) {
        free_version = &version;
      }
    }
  }
  return free_version;
}

const std::atomic<uint32_t>* Frontier::IndexAt(uint32_t at_level) const {
  if (at_level == 0) return small_index;
  return large_index + (SlotsAt(at_level) - SlotsAt(1)) / 3;
}

const FrontierEntry* Frontier::Find(uint64_t key) const {
  const uint32_t at_level = level.load(std::memory_order_acquire);
  const std::atomic<uint32_t>* index = IndexAt(at_level);
  const size_t mask = SlotsAt(at_level) - 1;
  for (size_t probe = 0; probe <= mask; ++probe) {
    const uint32_t place =
        index[(key + probe) & mask].load(std::memory_order_acquire);
    if (place == 0) return nullptr;
    const FrontierEntry& entry = entries[place - 1];
    if (entry.key.load(std::memory_order_relaxed) == key) return &entry;
  }
  return nullptr;
}

void Frontier::Insert(uint32_t at_level, uint64_t key, uint32_t place) {
  auto* index = const_cast<std::atomic<uint32_t>*>(IndexAt(at_level));
  const size_t mask = SlotsAt(at_level) - 1;
  size_t slot = key & mask;
  while (index[slot].load(std::memory_order_relaxed) != 0) {
    slot = (slot + 1) & mask;
  }
  index[slot].store(place, std::memory_order_release);
}

// Whoever looks into the old index meanwhile misses only what is newer than
// what it may know.
void Frontier::Publish(uint64_t key) {
  const auto place = static_cast<uint32_t>(count.load() + 1);
  entries[place - 1].key.store(key, std::memory_order_release);
  uint32_t at_level = level.load();
  if (2 * size_t{place} > SlotsAt(at_level) && at_level + 1 < kLevels) {
    ++at_level;
    for (uint32_t i = 1; i < place; ++i) {
      Insert(at_level, entries[i - 1].key.load(), i);
    }
    level.store(at_level, std::memory_order_release);
  }
  Insert(at_level, key, place);
  count.store(place, std::memory_order_release);
}

const FrontierEntry* Region::Find(uint64_t key) const {
  return frontier.Find(key == 0 ? 1 : key);
}

bool Region::Knows(uint64_t key, const MarkQuality& quality,
                   uint64_t known_until) const {
  const FrontierEntry* entry = Find(key);
  return entry != nullptr && entry->Knows(quality, known_until);
}

void Region::SetReaches(uint64_t key, uint32_t reaches) {
  if (const FrontierEntry* entry = Find(key)) {
    frontier.entries[entry - frontier.entries].reaches.store(
        reaches, std::memory_order_relaxed);
  }
}

bool Region::Commit(uint64_t key, const MarkQuality& quality, uint64_t job,
                    uint64_t all_know_until) {
  if (key == 0) key = 1;
  if (frontier.count.load() >= kMaxMarks) return false;
  const FrontierEntry* const known = Find(key);
  FrontierEntry& entry =
      known == nullptr ? frontier.Next()
                       : frontier.entries[known - frontier.entries];
  FrontierEntry::Version* const version =
      entry.FreeVersion(all_know_until);
  if (version == nullptr) return false;
  version->job.store(0, std::memory_order_release);
  version->quality = quality;
  version->job.store(job + 1, std::memory_order_release);
  if (known == nullptr) frontier.Publish(key);
  return true;
}

}  // namespace moonpool::explorer
