// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// The randomness of a world: named streams under one draw count.
//
// A stream is a counter-based generator (splitmix64: draw k of key K is
// Mix64(K + k * gamma)), keyed by (current seed, stream name, entity). Streams
// are independent: a further draw in one changes no other. All counted streams
// share the world's draw count, and a *breakpoint* (count, seed) says: after
// count draws of this segment, go on with this seed. Every counted stream then
// takes a new key at its next draw. A list of breakpoints is thus a complete
// description of a timeline: 312@9041 -> 88@17. A breakpoint may be meant for
// some kinds of streams only: 312@9041/faults lets all others draw on as before.
// And it may hasten what faults there are to come: 312@9041/soon.
//
// Determinism: nothing but the root seed and the breakpoints enters.
#ifndef MOONPOOL_SIM_CORE_RNG_H_
#define MOONPOOL_SIM_CORE_RNG_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/strings/string_view.h"
#include "providers/base/hash.h"
#include "providers/random.h"
#include "sim/core/trace_hash.h"

namespace moonpool {

// What a stream's draws decide.
enum class StreamKind : uint8_t {
  kWorkload,  // the code under test and its workloads; whatever is no other
  kSchedule,  // which ready task runs next
  kNetwork,   // latencies, and the fate of each packet
  kStorage,   // likewise of disks
  kFaults,    // when which machine, link or clock fails
  // Configuration, swarm masks: depends on the root seed alone, is neither
  // counted nor changed by breakpoints.
  kFixed,
};
inline constexpr size_t kExploredKinds = 5;

// A set of kinds, one bit each.
using StreamKinds = uint8_t;
inline constexpr StreamKinds kAllStreams = (1 << kExploredKinds) - 1;
constexpr StreamKinds KindBit(StreamKind kind) {
  return static_cast<StreamKinds>(1 << static_cast<int>(kind));
}
// In a breakpoint's set, with kFaults: faults come soon (drawn_wait.h).
inline constexpr StreamKinds kSoon = 1 << 7;

struct Breakpoint {
  uint64_t count = 0;  // draws since the previous breakpoint
  uint64_t seed = 0;   // the seed from there on
  StreamKinds streams = kAllStreams;  // of these
  friend bool operator==(const Breakpoint&, const Breakpoint&) = default;
};

// Told when the world comes to a number of draws that it asked for.
class DrawWatcher {
 public:
  virtual ~DrawWatcher() = default;
  // So many draws have been made, and the next one is about to be. May fork,
  // may set breakpoints (also one that applies here), must not draw. Returns
  // the next number to be told at; kNever: none.
  virtual uint64_t OnDraws(uint64_t draws) = 0;

  static constexpr uint64_t kNever = ~uint64_t{0};
};

// Told when streams have got a new seed by a breakpoint.
class ReseedListener {
 public:
  virtual ~ReseedListener() = default;
  // The next draw is about to be made. May draw itself, before that one.
  virtual void OnReseed(StreamKinds kinds) = 0;
};

// The state that all streams of a world share.
class RandomSource {
 public:
  RandomSource(uint64_t root_seed, TraceHash* trace)
      : root_seed_(root_seed), trace_(trace) {
    seeds_.fill(root_seed);
    epochs_.fill(1);
  }
  RandomSource(const RandomSource&) = delete;

  uint64_t root_seed() const { return root_seed_; }
  uint64_t draws() const { return draws_; }          // since the root
  // Since the last reseed.
  uint64_t segment_draws() const { return draws_ - segment_start_; }

  // The kinds of explored streams that have drawn since the root.
  StreamKinds drawn_kinds() const { return drawn_kinds_; }

  // Replays a recipe: the breakpoints apply one after another from here on.
  // REQUIRES: none is pending.
  void SetBreakpoints(std::vector<Breakpoint> breakpoints);
  bool has_pending_breakpoints() const { return next_break_ != kNever; }
  size_t pending_breakpoints() const {
    return breakpoints_.size() - next_breakpoint_;
  }

  // Drops those that have not applied yet: the run stays in its segment.
  void ClearBreakpoints() {
    next_breakpoint_ = breakpoints_.size();
    next_break_ = kNever;
    ArmStop();
  }

  // While forbidden (a crash is destroying frames) a draw is an engine error.
  void set_forbidden(bool forbidden) {
    forbidden_ = forbidden;
    ArmStop();
  }

  // The watcher is told when draws() is at. REQUIRES: at > draws(). Lifetime:
  // the watcher outlives all draws.
  void Watch(DrawWatcher* watcher, uint64_t at) {
    watcher_ = watcher;
    watch_at_ = at;
    ArmStop();
  }

  // Lifetime: the listener outlives all draws.
  void set_reseed_listener(ReseedListener* listener) {
    reseed_listener_ = listener;
  }

  // To be called when the trace has got or lost its listener.
  void WatchTrace() { ArmStop(); }

 private:
  friend class RandomStream;
  static constexpr uint64_t kNever = ~uint64_t{0};

  // What has to happen before a draw when draws_ >= stop_at_.
  void AtStop();
  void TellWatcher();
  void ApplyBreakpoints();
  void SetSeed(uint64_t seed, StreamKinds streams);
  void ArmNextBreak();
  void ArmStop();
  void OnFixedDraw(uint64_t value);

  const uint64_t root_seed_;
  // By kind: the seed, and the epoch that began when it was set. epoch_ is the
  // latest.
  std::array<uint64_t, kExploredKinds> seeds_;
  std::array<uint64_t, kExploredKinds> epochs_;
  uint64_t epoch_ = 1;
  StreamKinds drawn_kinds_ = 0;
  uint64_t draws_ = 0;
  // The next draw that is not an ordinary one: of the next breakpoint or the
  // watcher, or any at all while draws are forbidden or somebody listens.
  uint64_t stop_at_ = kNever;
  TraceHash* trace_;
  uint64_t segment_start_ = 0;     // draws_ at the last reseed
  uint64_t next_break_ = kNever;   // in draws of the segment
  std::vector<Breakpoint> breakpoints_;
  size_t next_breakpoint_ = 0;
  bool forbidden_ = false;
  DrawWatcher* watcher_ = nullptr;
  uint64_t watch_at_ = kNever;
  ReseedListener* reseed_listener_ = nullptr;
  StreamKinds reseeded_ = 0;  // of which the listener has not heard yet
  bool tells_listener_ = false;
};

// One named stream. Cheap to make; its constructor draws nothing and changes
// no state of the world.
class RandomStream final : public Random {
 public:
  using Kind = StreamKind;

  RandomStream(RandomSource* source, absl::string_view name,
               uint64_t entity = 0, Kind kind = Kind::kWorkload);

  uint64_t Next() override {
    if (__builtin_expect(epoch_ != source_->epoch_ ||
                             source_->draws_ >= source_->stop_at_,
                         0)) {
      return NextSlowly();
    }
    return Draw();
  }

 private:
  uint64_t Draw() {
    const uint64_t value = Mix64(key_ += 0x9E3779B97F4A7C15u);
    source_->trace_->AddDraw(value, source_->draws_++);
    return value;
  }
  // The stream's key may be of an older epoch, the source has to stop, or the
  // stream is a fixed one.
  uint64_t NextSlowly();

  RandomSource* source_;
  uint64_t name_hash_;
  uint64_t key_ = 0;
  // The source's when the key was last seen to be of today; of a fixed stream
  // always 0, no epoch.
  uint64_t epoch_ = 0;
  Kind kind_;
};

}  // namespace moonpool

#endif  // MOONPOOL_SIM_CORE_RNG_H_
