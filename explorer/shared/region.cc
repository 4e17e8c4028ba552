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
      checksum, {arrival.key, arrival.ordinal, arrival.pending,
                 arrival.segment_draws, arrival.draws, arrival.events,
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
    if (!is_own || (!is_of_edges && found.assertion >= assertions) ||
        found.at.pending > order.path_size) {
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
  for (uint32_t i = 0; i < again; ++i) {
    if (arrivals[i].pending > order.path_size) return false;
    told += AddToChecksum(0, arrivals[i]);
  }
  if (finished.load() == 0) return true;
  if (sample_count > TraceHash::kMaxSamples) return false;
  if (has_violation.load() != 0) told += AddToChecksum(0, violation);
  return ChecksumOf(order.job, told, assertions) == checksum;
}

}  // namespace moonpool::explorer
