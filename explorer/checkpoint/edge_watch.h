// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// What a timeline sees of the edges of the code under test (explorer/coverage).
// It looks at their counters every few events, the more edges the more seldom,
// and at its end.
//
// What it has seen since its world began decides where it counts a mark, so
// that a replay counts the same ones. What the search knows decides which of
// them are worth a discovery.
//
// Fork: private memory outside the world's arena; a fork inherits it, a runner
// puts it back. Without instrumented code it is off and costs nothing.
#ifndef MOONPOOL_EXPLORER_CHECKPOINT_EDGE_WATCH_H_
#define MOONPOOL_EXPLORER_CHECKPOINT_EDGE_WATCH_H_

#include <cstdint>
#include <vector>

#include "explorer/coverage/scan.h"
#include "explorer/shared/region.h"

namespace moonpool::explorer {

class EdgeWatch final : private coverage::HitSink {
 public:
  // So many discoveries of one timeline may be of edges.
  static constexpr int kMaxClusters = 48;

  // Resets the counters: no world has begun. Lifetime: region outlives it.
  explicit EdgeWatch(const Region* region);

  bool is_on() const { return !seen_.empty(); }
  // Events between two looks.
  uint64_t distance() const;

  // From here on, after so many events, what no job before known_until has
  // committed is told in the job's slot; nullptr: in none, it is being replayed.
  void Record(JobSlot* job, uint64_t known_until, uint64_t events);

  // Looks at the counters; whether the timeline saw anything for the first
  // time.
  bool Look();
  // Whether what has been told since the last cluster should be one, a
  // discovery, now. It should if there is an edge that no timeline had come to;
  // of mere new classes, only after 1, 3, 7, 15, ... events: loops have new
  // ones for ever.
  bool IsClusterDue(uint64_t events) const;
  // The edges of that discovery. REQUIRES: IsClusterDue.
  struct Cluster {
    uint32_t first = 0;
    uint32_t size = 0;
  };
  Cluster TakeCluster(uint64_t events);
  // The run is over: looks once more, and leaves what is not covered yet.
  void Finish();

 private:
  void OnHit(size_t edge, uint8_t classes, bool is_first) override;
  bool IsKnown(size_t edge) const;

  const Region* region_;
  std::vector<uint8_t> seen_;  // by edge: its classes, in this world
  JobSlot* job_ = nullptr;
  uint64_t known_until_ = 0;
  uint64_t start_ = 0;  // events, when recording began
  uint32_t told_ = 0;   // in the slot, of earlier clusters
  bool has_new_edge_ = false;
  int clusters_ = 0;
  uint64_t next_classes_ = 1;  // events from the start on
};

}  // namespace moonpool::explorer

#endif  // MOONPOOL_EXPLORER_CHECKPOINT_EDGE_WATCH_H_
