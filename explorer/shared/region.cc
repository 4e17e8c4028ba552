// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "explorer/shared/region.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstring>
#include <initializer_list>
#include <iterator>

#include "providers/base/check.h"
#include "providers/base/hash.h"
#include "sim/core/arena.h"

namespace moonpool::explorer {

namespace {

constexpr size_t kMapped = sizeof(Region) + 2 * Region::kGuard;
static_assert(sizeof(Region) % kFaultWindow == 0, "whole pages");
static_assert(Region::kBase % kFaultWindow == 0);
static_assert(Region::kBase - Region::kGuard >
              Arena::kBase + 2 * Arena::kMaxBytes);

// The region and the pages beside it; nullptr if something is there.
void* MapAt(uintptr_t begin, int protection) {
  void* const wanted = reinterpret_cast<void*>(begin - Region::kGuard);
  void* const mapped = mmap(
      wanted, kMapped, PROT_NONE,
      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
  if (mapped == MAP_FAILED) return nullptr;
  if (mapped != wanted) {  // an old kernel takes the address for a hint
    munmap(mapped, kMapped);
    return nullptr;
  }
  void* const at =
      mmap(reinterpret_cast<void*>(begin), sizeof(Region), protection,
           MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
  return at == MAP_FAILED ? nullptr : at;
}

// Where the region fits, as of now.
uintptr_t FindRoom() {
  constexpr size_t kSize = kMapped + kFaultWindow;
  void* const mapped = mmap(nullptr, kSize, PROT_NONE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  CHECK(mapped != MAP_FAILED) << "cannot map the explorer's shared memory";
  munmap(mapped, kSize);
  const uintptr_t begin = reinterpret_cast<uintptr_t>(mapped) + Region::kGuard;
  return (begin + kFaultWindow - 1) / kFaultWindow * kFaultWindow;
}

void Protect(void* begin, size_t size, int protection) {
  CHECK(mprotect(begin, size, protection) == 0)
      << "cannot protect the explorer's shared memory";
}

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
  void* at = MapAt(kBase, PROT_READ | PROT_WRITE);
  if (at == nullptr) at = MapAt(FindRoom(), PROT_READ | PROT_WRITE);
  CHECK(at != nullptr) << "cannot map the explorer's shared memory";
  return static_cast<Region*>(at);
}

void Region::MapStandIn(bool is_writable) {
  void* const at =
      MapAt(kBase, is_writable ? PROT_READ | PROT_WRITE : PROT_READ);
  if (at != nullptr) static_cast<Region*>(at)->Guard();
}

void Region::Unmap(Region* region) {
  munmap(reinterpret_cast<char*>(region) - kGuard, kMapped);
}

void Region::Guard() {
  fault::Guard(reinterpret_cast<char*>(this) - kGuard, kMapped);
}

void Region::MakeOrdersReadOnly() {
  char* const begin = reinterpret_cast<char*>(&coordinator_pid);
  char* const end = reinterpret_cast<char*>(this + 1);
  Protect(begin, static_cast<size_t>(end - begin), PROT_READ);
  Guard();
}

void Region::MakeReadOnly() { Protect(this, sizeof(*this), PROT_READ); }

void Region::SetWritable(JobSlot& slot, bool is_writable) {
  Protect(&slot, sizeof(slot),
          is_writable ? PROT_READ | PROT_WRITE : PROT_READ);
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
      {static_cast<uint64_t>(discovery.checkpoint),
       static_cast<uint64_t>(discovery.image), discovery.assertion,
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

uint64_t FirstTold(uint64_t job) { return Combine64(job, HashBytes("told")); }

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

void JobSlot::CopyFrom(const JobSlot& slot, size_t assertions) {
  memcpy(static_cast<void*>(this), &slot, offsetof(JobSlot, fault));
  if (finished.load() == 0) {
    memcpy(static_cast<void*>(&fault), &slot.fault, sizeof(fault));
  }
  if (has_violation.load() != 0) violation = slot.violation;
  auto copy = [](const auto& from, auto& to, size_t count) {
    std::copy_n(from, std::min(count, std::size(to)), to);
  };
  copy(slot.samples, samples, sample_count);
  copy(slot.counts, counts, assertions);
  copy(slot.discoveries, discoveries, discovery_count.load());
  copy(slot.arrivals, arrivals, arrival_count.load());
  copy(slot.edges, edges, edge_count.load());
}

bool JobSlot::IsIntact(const JobOrder& order, size_t assertions) const {
  const uint32_t count = discovery_count.load();
  const uint32_t again = arrival_count.load();
  if (count > kMaxDiscoveries || again > kMaxArrivals ||
      edge_count.load() > kMaxEdgeHits) {
    return false;
  }
  uint64_t sum = FirstTold(order.job);
  uint32_t next_edge = 0;
  for (uint32_t i = 0; i < count; ++i) {
    const Discovery& found = discoveries[i];
    const int32_t* end = order.free_checkpoints + order.free_count;
    const bool is_own =
        found.checkpoint == -1 ||
        std::find(order.free_checkpoints, end, found.checkpoint) != end;
    const ImageRef* new_end = order.new_images + order.new_image_count;
    const bool is_own_image =
        found.image == -1 ||
        std::any_of(order.new_images, new_end, [&](const ImageRef& image) {
          return static_cast<int32_t>(image.slot) == found.image;
        });
    const bool is_of_edges = found.assertion == kEdgesAssertion;
    if (!is_own || !is_own_image || (!is_of_edges && found.assertion >= assertions) ||
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
    sum += AddToChecksum(0, found);
  }
  for (uint32_t i = 0; i < again; ++i) {
    if (arrivals[i].pending > order.path_size) return false;
    sum += AddToChecksum(0, arrivals[i]);
  }
  if (has_violation.load() != 0) sum += AddToChecksum(0, violation);
  if (sum != told) return false;
  if (finished.load() == 0) return true;
  return sample_count <= TraceHash::kMaxSamples &&
         ChecksumOf(order.job, told, assertions) == checksum;
}

}  // namespace moonpool::explorer
