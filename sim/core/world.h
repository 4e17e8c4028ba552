// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// World: one simulated universe. It owns the virtual clock, the event queue,
// the ready queue, the randomness and the trace hash; networks and disks hang
// on it. One turn is: run every ready task, in seeded random order, until none
// is left; then fire the earliest event.
//
//   World world(WorldOptions{.seed = 42});
//   ... spawn tasks ...
//   while (world.Turn()) {}
//
// Single-threaded; one world is current on a thread at a time. Determinism:
// everything that happens follows from the options and the recipe.
#ifndef MOONPOOL_SIM_CORE_WORLD_H_
#define MOONPOOL_SIM_CORE_WORLD_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "providers/coro/ready_queue.h"
#include "providers/time.h"
#include "sim/core/drawn_wait.h"
#include "sim/core/event_queue.h"
#include "sim/core/fault.h"
#include "sim/core/rng.h"
#include "sim/core/trace_hash.h"

namespace moonpool {

enum class ReadyOrder {
  kRandom,  // uniform among the ready tasks, from the stream "schedule"
  kFifo,    // the order of the wake-ups
};

// What was folded into the trace hash. Values are part of the trace format:
// append only.
enum class TraceKind : uint64_t {
  kConnect = 1,
  kSegment = 2,
  kReset = 3,
  kDisk = 4,
  kCrash = 5,
  kBoot = 6,
  kFault = 7,
};

struct WorldOptions {
  uint64_t seed = 1;
  ReadyOrder ready_order = ReadyOrder::kRandom;
  // More resumptions than this in one turn, without time passing, is a
  // busy loop of the system under test.
  uint64_t max_resumptions_per_turn = 1000000;
};

class NodeClock;

// Something that befell a world, in words for people: a boot, a crash, a cut
// link. Views that hold only while the listener is called.
struct WorldOccurrence {
  int64_t time_ns = 0;
  absl::string_view who;
  // "cut off from ", "10.0.1.3": read one after the other.
  absl::string_view what;
  absl::string_view object;
  std::optional<FaultFamily> fault;  // if it was injected
  std::string Text() const;          // what and object
};

// Hears what befalls a world. Nothing of it feeds back into the simulation.
class WorldListener {
 public:
  virtual ~WorldListener() = default;
  virtual void OnOccurrence(const WorldOccurrence& occurrence) = 0;

 private:
  friend class World;
  WorldListener* next_ = nullptr;
};

// Looks at a world now and then, between two turns.
class BoundaryWatcher {
 public:
  virtual ~BoundaryWatcher() = default;
  // Whatever was ready has run, the next event is about to fire. May fork.
  // Nothing of it feeds back into the simulation.
  virtual void OnBoundary() = 0;
};

// When the simulated calendar starts: 2026-01-01T00:00:00Z.
inline constexpr int64_t kCalendarStartSeconds = 1767225600;

class World : private ReseedListener {
 public:
  explicit World(const WorldOptions& options);
  World(const World&) = delete;
  ~World() override;

  // The world that runs on this thread, or nullptr.
  static World* Current();

  int64_t now_ns() const { return now_ns_; }
  absl::Duration now() const { return absl::Nanoseconds(now_ns_); }
  uint64_t events() const { return events_; }

  // One turn: RunReady, then FireNext. Whoever waits for a task to finish
  // looks between the two, or one event too many happens.
  bool Turn() {
    RunReady();
    return is_runaway() || FireNext();
  }
  // Runs every ready task, also those that become ready meanwhile. Stops early
  // when the bound on resumptions is hit; see is_runaway.
  void RunReady();
  // Fires the earliest event. False if nothing is pending.
  bool FireNext();
  bool is_runaway() const { return runaway_; }

  void Schedule(TimedEvent& event, int64_t delay_ns);
  void Cancel(TimedEvent& event) { queue_.Cancel(event); }
  size_t pending_events() const { return queue_.size(); }
  // The most there have been at once.
  size_t max_pending_events() const { return max_pending_events_; }

  RandomSource& random() { return random_; }
  // What code that asks the operating system for entropy gets (sim/guard).
  RandomStream& entropy() { return entropy_; }
  TraceHash& trace() { return trace_; }
  ReadyQueue& ready() { return ready_; }
  const ReadyQueue& ready() const { return ready_; }

  // Folds an occurrence into the trace: what kind, to whom, which bytes (by
  // their HashBytes).
  void Trace(TraceKind kind, uint64_t target, uint64_t payload) {
    if (__builtin_expect(trace_.listener() != nullptr, 0)) {
      RecordTrace(kind, target, payload);
    }
    trace_.Add(static_cast<uint64_t>(kind));
    trace_.Add(target);
    trace_.Add(payload);
  }

  // Every world made from now on has its trace recorded; nullptr ends it.
  static void RecordNewWorlds(TraceListener* listener);

  // Listeners are told in the order in which they were added, and allocate
  // nothing here. They outlive the world or are removed from it.
  // REQUIRES: the listener listens to no world yet.
  void AddListener(WorldListener* listener);
  void RemoveListener(WorldListener* listener);
  // One branch if nobody listens.
  void Tell(absl::string_view who, absl::string_view what,
            absl::string_view object = "") {
    if (listeners_ != nullptr) TellListeners(who, what, object, std::nullopt);
  }

  // A fault of this family has just been injected: counts, traces and tells it.
  void Fault(FaultFamily family, absl::string_view who, absl::string_view what,
             absl::string_view object = "");
  const FaultCounts& faults() const { return faults_; }

  // Told after the waits for faults (drawn_wait.h) when streams have got a new
  // seed, in the order in which they were added: what is drawn but has not
  // happened can be drawn again. They outlive the world or are removed from it.
  void AddReseedListener(ReseedListener* listener) {
    reseed_listeners_.push_back(listener);
  }
  void RemoveReseedListener(ReseedListener* listener) {
    std::erase(reseed_listeners_, listener);
  }

  // From now on the watcher is called before each event whose number is a
  // multiple of every. Costs nothing at the others.
  void WatchBoundaries(BoundaryWatcher* watcher, uint64_t every);

  // While frames of a crashed process are destroyed: no draw, no scheduling.
  class TeardownScope {
   public:
    explicit TeardownScope(World* world);
    TeardownScope(const TeardownScope&) = delete;
    ~TeardownScope();

   private:
    World* world_;
  };
  bool in_teardown() const { return teardown_ > 0; }

 private:
  friend class DrawnWait;
  void OnReseed(StreamKinds kinds) override;
  void RecordTrace(TraceKind kind, uint64_t target, uint64_t payload);
  void Sample(const TimedEvent& event);
  void PassBoundary();
  void TellListeners(absl::string_view who, absl::string_view what,
                     absl::string_view object,
                     std::optional<FaultFamily> fault);

  const WorldOptions options_;
  World* previous_;
  TraceHash trace_;
  RandomSource random_;
  RandomStream schedule_;
  RandomStream entropy_;
  RandomStream soon_;
  EventQueue queue_;
  ReadyQueue ready_;
  ReadyQueue::Scope ready_scope_;
  int64_t now_ns_ = 0;
  uint64_t events_ = 0;
  size_t max_pending_events_ = 0;
  int teardown_ = 0;
  FaultCounts faults_;
  WorldListener* listeners_ = nullptr;  // linked through next_
  std::vector<ReseedListener*> reseed_listeners_;
  bool faults_come_soon_ = false;  // since the last breakpoint for faults
  DrawnWait* first_wait_ = nullptr;
  DrawnWait* last_wait_ = nullptr;
  BoundaryWatcher* watcher_ = nullptr;
  uint64_t boundary_distance_ = 0;
  uint64_t next_boundary_ = ~uint64_t{0};
  bool runaway_ = false;
};

// The simulated Time provider of one process.
class SimTime final : public Time {
 public:
  // Without a clock of its own it tells the world's time.
  explicit SimTime(World* world, NodeClock* clock = nullptr);
  absl::Duration Now() const override;
  // From kCalendarStartSeconds on.
  absl::Time WallNow() const override;

 protected:
  int64_t Schedule(TimedEvent& event, absl::Duration delay) override;
  void Cancel(TimedEvent& event) override { world_->Cancel(event); }

 private:
  World* world_;
  NodeClock* clock_;
};

}  // namespace moonpool

#endif  // MOONPOOL_SIM_CORE_WORLD_H_
