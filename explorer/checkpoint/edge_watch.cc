// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "explorer/checkpoint/edge_watch.h"

#include <algorithm>
#include <cstddef>

#include "explorer/coverage/edges.h"

namespace moonpool::explorer {
namespace {

// A look at so many edges costs about 10 ns, a tenth of an event.
constexpr size_t kEdgesPerEvent = 1024;

}  // namespace

EdgeWatch::EdgeWatch(const Region* region) : region_(region) {
  if (region->ignores_edges != 0) return;
  seen_.resize(coverage::EdgeCount());
  coverage::ResetCounters();
}

uint64_t EdgeWatch::distance() const {
  return std::max<uint64_t>(1, seen_.size() / kEdgesPerEvent);
}

void EdgeWatch::Record(JobSlot* job, uint64_t known_until, uint64_t events) {
  job_ = job;
  known_until_ = known_until;
  start_ = events;
  told_ = 0;
  has_new_edge_ = false;
  clusters_ = 0;
  next_classes_ = 1;
}

bool EdgeWatch::Look() {
  bool any = false;
  for (const coverage::CounterRange* range = coverage::CounterRanges();
       range->size > 0; ++range) {
    const bool is_any =
        coverage::Scan({.counters = range->counters,
                        .size = range->size,
                        .first = range->first,
                        .seen = seen_.data() + range->first,
                        .known = region_->edges.known_to_all + range->first,
                        .sink = job_ == nullptr ? nullptr : this});
    any = any || is_any;
  }
  return any;
}

void EdgeWatch::OnHit(size_t edge, uint8_t classes, bool is_first) {
  uint32_t count = job_->edge_count.load(std::memory_order_relaxed);
  for (int bit = 0; bit < coverage::kHitClasses; ++bit) {
    if ((classes >> bit & 1) == 0) continue;
    const uint32_t hit = EdgeHit(edge, bit);
    if (EdgeFrontier::Has(region_->edges.known[hit], known_until_)) {
      continue;
    }
    if (count == kMaxEdgeHits) break;  // others will come to them
    job_->edges[count++] = hit;
    has_new_edge_ = has_new_edge_ || (is_first && !IsKnown(edge));
  }
  job_->edge_count.store(count, std::memory_order_release);
}

// In any class.
bool EdgeWatch::IsKnown(size_t edge) const {
  const auto* known = region_->edges.known + EdgeHit(edge, 0);
  return std::any_of(known, known + coverage::kHitClasses,
                     [this](const std::atomic<uint64_t>& job) {
                       return EdgeFrontier::Has(job, known_until_);
                     });
}

bool EdgeWatch::IsClusterDue(uint64_t events) const {
  if (job_->edge_count.load(std::memory_order_relaxed) == told_) return false;
  if (clusters_ == kMaxClusters) return false;
  return has_new_edge_ || events - start_ >= next_classes_;
}

EdgeWatch::Cluster EdgeWatch::TakeCluster(uint64_t events) {
  const uint32_t count = job_->edge_count.load(std::memory_order_relaxed);
  const Cluster cluster = {.first = told_, .size = count - told_};
  told_ = count;
  ++clusters_;
  if (!has_new_edge_) next_classes_ = 2 * (events - start_) + 1;
  has_new_edge_ = false;
  return cluster;
}

void EdgeWatch::Finish() {
  Look();
  if (job_ == nullptr) return;
  uint32_t* const begin = job_->edges + told_;
  uint32_t* const end =
      job_->edges + job_->edge_count.load(std::memory_order_relaxed);
  uint32_t* const kept = std::remove_if(begin, end, [this](uint32_t hit) {
    return EdgeFrontier::Has(region_->edges.covered[hit], known_until_);
  });
  job_->edge_count.store(static_cast<uint32_t>(kept - job_->edges),
                         std::memory_order_release);
}

}  // namespace moonpool::explorer
