// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Everything that the processes of an exploration share, but for images of
// worlds (image_pool.h), in one mapping made before the first fork: what is
// known (the frontier), what each job is to do and what came of it, and how to
// reach each parked checkpoint.
//
// Who writes what: the coordinator writes the frontier and the orders; a
// timeline writes only the results of its own job, each record before the
// count that makes it visible, so a timeline may die at any instruction and
// leave it readable.
//
// The code under test runs in the same processes and may write anywhere. Pages
// that nobody may touch lie before and behind the region, timelines may only
// read what the coordinator writes, and each result has a checksum. A job whose
// result is not what its timeline has written runs once more, guarded: then
// its timeline may write nothing here but at the engine's own behest, and is
// stopped at a wild write. The region lies at the same address in every
// program, where a replay has a stand-in: so a wild pointer leads to the same
// memory there.
//
// Fork: MAP_SHARED, so never copied. Only fixed-size plain data; no pointers.
#ifndef MOONPOOL_EXPLORER_SHARED_REGION_H_
#define MOONPOOL_EXPLORER_SHARED_REGION_H_

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"
#include "explorer/coverage/scan.h"
#include "explorer/fault/fault.h"
#include "explorer/shared/frontier.h"
#include "explorer/shared/image_pool.h"
#include "sim/assertions/table.h"
#include "sim/core/rng.h"
#include "sim/core/trace_hash.h"

namespace moonpool::explorer {

// The checkpoint slot of the process that every root seed starts from.
inline constexpr int32_t kNursery = 0;
inline constexpr size_t kMaxLag = 64;
inline constexpr size_t kMaxCheckpoints = 4096;
inline constexpr size_t kMaxPath = 1024;        // segments of a recipe
inline constexpr size_t kMaxDiscoveries = 256;  // of one timeline
inline constexpr size_t kMaxNewCheckpoints = 16;  // of one timeline
inline constexpr size_t kMaxNewImages = 2;        // likewise, at discoveries
inline constexpr size_t kMaxArrivals = 2048;      // likewise
// Arrivals at one mark, up to this many; enough to tell rare from common.
inline constexpr uint32_t kReachesCounted = 8;
inline constexpr size_t kMaxRunners = 64;
inline constexpr size_t kMaxAssertions = 16384;
inline constexpr size_t kMaxEdges = size_t{1} << 20;
// Of one timeline: edges with a class that was not known.
inline constexpr size_t kMaxEdgeHits = 16384;
// In place of an assertion: the discovery is one of code edges.
inline constexpr uint32_t kEdgesAssertion = ~uint32_t{0};
// Who reads a page that it has not touched yet gets those around it, too: those
// of the same so many bytes, if they are in use.
inline constexpr size_t kFaultWindow = size_t{64} << 10;

// Text of bounded length; longer text is cut.
template <size_t N>
struct FixedText {
  uint32_t size = 0;
  char bytes[N];
  void Set(absl::string_view text) {
    size = static_cast<uint32_t>(text.size() < N ? text.size() : N);
    text.copy(bytes, size);
  }
  absl::string_view Get() const { return {bytes, size < N ? size : N}; }
};

// An edge of the code under test and a class of its hit count, as one number.
inline constexpr uint32_t EdgeHit(size_t edge, int hit_class) {
  return static_cast<uint32_t>(edge * coverage::kHitClasses) +
         static_cast<uint32_t>(hit_class);
}

// Which of these pairs are known: those of discoveries that became cells. Those
// that a timeline came to only at its end, where nothing branches off, are
// covered but not known.
struct EdgeFrontier {
  // One bit a class: known to every job from now on. A filter only: what is
  // not in it may be known all the same.
  uint8_t known_to_all[kMaxEdges];
  // By EdgeHit: the job that committed it, plus one; 0: none has.
  std::atomic<uint64_t> known[kMaxEdges * coverage::kHitClasses];
  std::atomic<uint64_t> covered[kMaxEdges * coverage::kHitClasses];

  // To a job that knows what jobs < known_until have committed.
  static bool Has(const std::atomic<uint64_t>& job, uint64_t known_until) {
    const uint64_t at = job.load(std::memory_order_relaxed);
    return at != 0 && at <= known_until;
  }
};

// Where a timeline came to a mark.
struct Arrival {
  uint64_t key;
  MarkQuality quality;
  uint64_t ordinal;        // marks seen by the timeline up to this one
  uint64_t pending;        // breakpoints of its job that had not applied yet
  uint64_t segment_draws;  // since its last reseed
  uint64_t draws;          // since the root
  uint64_t events;
  int64_t time_ns;
  // By the coordinator: it has become a splitpoint; as one more way to its
  // mark.
  bool accepted;
  bool is_way;
};

// At a mark that it did not know.
struct Discovery {
  Arrival at;
  int32_t checkpoint;  // the process parked here, or -1
  int32_t image;       // stored here: its slot, or -1
  uint32_t assertion;  // index in the table, or kEdgesAssertion
  // Of edges: these of the job's.
  uint32_t first_edge;
  uint32_t edges;
  FixedText<96> label;
};

struct ViolationRecord {
  uint64_t identity;
  int64_t time_ns;
  uint64_t event;
  uint64_t draw;
  FixedText<64> kind;
  FixedText<256> message;
  FixedText<1024> details;
  FixedText<128> place;
};

// Of what a timeline tells as it goes: each discovery and arrival, then the
// violation.
uint64_t AddToChecksum(uint64_t checksum, const Arrival& arrival);
uint64_t AddToChecksum(uint64_t checksum, const Discovery& discovery);
uint64_t AddToChecksum(uint64_t checksum, const ViolationRecord& violation);

// From which the sum begins: not zero, which anything may be overwritten with.
uint64_t FirstTold(uint64_t job);

// What the coordinator orders; timelines only read it.
struct alignas(64) JobOrder {
  static constexpr uint32_t kNearPath = 8;
  uint64_t job;
  uint64_t known_until;    // entries committed by jobs < this are known
  uint64_t root_seed;      // for the nursery
  uint64_t split_ordinal;  // record marks after this one
  uint32_t path_size;      // breakpoints from the parked process on; see path
  uint32_t free_count;     // checkpoint slots that the timeline may use
  int32_t free_checkpoints[kMaxNewCheckpoints];
  int32_t recreate;  // checkpoint slot to park a replayed splitpoint in, or -1
  uint32_t is_guarded;
  // For a runner: images on the way to the splitpoint, the nearest first. The
  // first one that is there saves it so much of the path.
  struct Image {
    ImageRef image;
    uint64_t segments;
  };
  static constexpr uint32_t kMaxImages = 3;
  uint32_t image_count;
  uint32_t new_image_count;
  Image images[kMaxImages];
  ImageRef store;  // an image of the splitpoint, if that has been replayed
  ImageRef new_images[kMaxNewImages];  // to store at discoveries
  Breakpoint near_path[kNearPath];  // the path, if it is that short
};

// The result, written by the job's timeline. What each of them touches comes
// first, so that it takes one page fault.
struct alignas(kFaultWindow) JobSlot {
  std::atomic<int32_t> pid;
  std::atomic<uint32_t> finished;
  std::atomic<uint32_t> discovery_count;
  std::atomic<uint32_t> has_violation;
  uint32_t discoveries_dropped;
  // EdgeHits in edges. Those of no discovery are of the end.
  std::atomic<uint32_t> edge_count;
  // At known marks that few others have come to, or none so early, in their
  // order.
  std::atomic<uint32_t> arrival_count;
  uint64_t draws;
  uint64_t events;
  int64_t time_ns;
  uint64_t trace_hash;
  uint32_t drawn_kinds;  // of streams, a bit each
  uint32_t sample_count;
  // The sum of FirstTold and the checksums of what the timeline has told. It
  // adds them up in memory of its own.
  uint64_t told;
  // Of the whole result, written last; told: that sum.
  uint64_t checksum;
  uint64_t ChecksumOf(uint64_t job, uint64_t told, size_t assertions) const;

  FaultRecord fault;  // of a timeline that has not finished
  TraceHash::Sample samples[TraceHash::kMaxSamples];
  struct Counts {
    uint64_t passes;
    uint64_t fails;
  };
  Counts counts[kMaxAssertions];
  ViolationRecord violation;
  Discovery discoveries[kMaxDiscoveries];
  Arrival arrivals[kMaxArrivals];
  uint32_t edges[kMaxEdgeHits];

  // Coordinator: a copy of what is in use. Of that can be told whether it is
  // intact; other timelines still run, and may overwrite the slot itself.
  // assertions: in the table.
  void CopyFrom(const JobSlot& slot, size_t assertions);
  // The result is what its timeline has written. Of one that died, what it
  // told.
  bool IsIntact(const JobOrder& order, size_t assertions) const;
};

// Orders to one process; the coordinator writes.
struct OrderRing {
  static constexpr uint32_t kSize = 2 * kMaxLag;
  std::atomic<uint32_t> ordered;  // orders ever given; the futex word
  uint32_t ring[kSize];  // index of the job, or kRunnerOrder + runner
};
// An order to the nursery: to fork this runner.
inline constexpr uint32_t kRunnerOrder = 1 << 16;

// A parked process.
struct CheckpointSlot {
  std::atomic<int32_t> pid;
  uint32_t taken;  // orders ever taken, by the process
};

// A process that runs one job after another, and goes back after each to where
// it was forked, or to an image. It runs them while it has one of the region's
// workers.
struct RunnerSlot {
  std::atomic<int32_t> pid;
  std::atomic<uint32_t> done;  // orders ever carried out
  // CPU time of the process up to its snapshot, then up to the last end of a job
  // that was measured; without that of forking checkpoints and storing images,
  // which is no job's own.
  std::atomic<uint64_t> cpu_ns;
  uint64_t left_out_ns;  // that time; the process keeps it
  // By then: orders carried out, and their steps.
  std::atomic<uint32_t> measured;
  std::atomic<uint64_t> measured_steps;
  std::atomic<uint32_t> has_worker;
  std::atomic<uint32_t> waits_for_worker;
  // Draws and events of its jobs, and the building of worlds; the process keeps
  // them.
  uint64_t steps;
};

struct Region {
  // So many more processes may run a job at once: a semaphore, and the futex
  // word of the runners that have orders and no worker.
  alignas(64) std::atomic<uint32_t> free_workers;
  std::atomic<uint32_t> wait_for_worker;
  // Jobs ever done by runners. One that finds the coordinator asleep wakes it
  // when that has come to wake_at, or when it leaves a worker idle.
  alignas(64) std::atomic<uint64_t> jobs_done;
  std::atomic<uint32_t> coordinator_sleeps;
  // Images ever stored, those that could not be, and the CPU time of the
  // former.
  std::atomic<uint32_t> images_stored;
  std::atomic<uint32_t> images_failed;
  std::atomic<uint64_t> images_ns;
  alignas(64) RunnerSlot runners[kMaxRunners];
  CheckpointSlot checkpoints[kMaxCheckpoints];
  JobSlot jobs[kMaxLag];

  // From here to the end only the coordinator writes; what every timeline reads
  // comes first, in one fault window.
  alignas(kFaultWindow) int32_t coordinator_pid;
  uint64_t memory_limit;  // of a timeline, in bytes; 0: none
  uint32_t ignores_edges;
  std::atomic<uint64_t> wake_at;
  JobOrder orders[kMaxLag];
  Frontier frontier;
  alignas(64) OrderRing runner_orders[kMaxRunners];
  OrderRing checkpoint_orders[kMaxCheckpoints];
  Breakpoint far_paths[kMaxLag][kMaxPath];
  alignas(4096) EdgeFrontier edges;

  // Where the breakpoints of an order of so many are.
  Breakpoint* PathOf(size_t order, size_t path_size) {
    return path_size <= JobOrder::kNearPath ? orders[order].near_path
                                            : far_paths[order];
  }

  // Where it lies, unless something else is there.
  static constexpr uintptr_t kBase = 0x552000000000;  // 64 GiB above the arena
  // Pages that nobody may touch, on either side of it.
  static constexpr size_t kGuard = size_t{1} << 20;

  // Maps a new region, all zeros; pages are taken as they are touched.
  static Region* Map();
  static void Unmap(Region* region);
  // In a process that runs code under test, and in those that it forks: what
  // only the coordinator writes. To write beside the region, or to what is
  // read-only, is a wild write from now on.
  void MakeOrdersReadOnly();
  // All of it, in this process; and one result, for the engine to write.
  void MakeReadOnly();
  void SetWritable(JobSlot& slot, bool is_writable);

  // In a process that runs code under test without a search: zeros where the
  // region would be. is_writable: wild writes to it go unnoticed. Nothing, if
  // there is something already.
  static void MapStandIn(bool is_writable);

  // Tells the fault handlers where it lies.
  void Guard();

  bool TakeWorker() {
    uint32_t free = free_workers.load();
    while (free > 0) {
      if (free_workers.compare_exchange_weak(free, free - 1)) return true;
    }
    return false;
  }
};

}  // namespace moonpool::explorer

#endif  // MOONPOOL_EXPLORER_SHARED_REGION_H_
