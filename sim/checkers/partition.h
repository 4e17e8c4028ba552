// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Partition: the operations on one key, with the model behind numbers, so that
// the search needs no templates. Internal to this room.
#ifndef MOONPOOL_SIM_CHECKERS_PARTITION_H_
#define MOONPOOL_SIM_CHECKERS_PARTITION_H_

#include <cstddef>
#include <cstdint>
#include <string>

namespace moonpool {

// What an operation with this input and output (which may be unknown) can do to
// the state of its key. Anything but kAny makes the search smaller.
enum class Effect {
  kAny,         // whatever (append, enqueue, increment)
  kReads,       // nothing, in any state (get; compare-and-set that failed)
  kOverwrites,  // wherever it is possible, it leads to one and the same state
                // (put; compare-and-set that succeeded)
  kGuarded,     // nothing or, if the state allows, kOverwrites (compare-and-set
                // of unknown outcome)
};

namespace checkers_internal {

// Operations are numbered from 0 in the order of their calls; states are
// numbered as they are met, equal ones alike.
class Partition {
 public:
  using StateId = uint32_t;
  static constexpr StateId kRefused = ~StateId{0};

  struct Interval {
    int client = 0;
    uint64_t called = 0;
    uint64_t returned = 0;  // kPending: unknown
  };

  virtual ~Partition() = default;
  virtual size_t size() const = 0;
  virtual Interval interval(uint32_t operation) const = 0;

  virtual StateId Initial() = 0;
  // The state after operation took effect in state, or kRefused if its output
  // cannot come of that. With observed false any output will do.
  virtual StateId Step(StateId state, uint32_t operation, bool observed) = 0;
  // About the memory that states have taken.
  virtual size_t state_bytes() const = 0;

  virtual Effect EffectOf(uint32_t operation, bool observed) const = 0;
  // The state that an operation of unknown outcome leads to when it changes
  // anything, if its effect is kOverwrites or kGuarded; kRefused: not known.
  virtual StateId TargetOf(uint32_t operation) = 0;
  virtual bool SameInput(uint32_t a, uint32_t b) const = 0;
  // The output of user shows the effect of source.
  virtual bool Feeds(uint32_t source, uint32_t user) const = 0;

  // "client 3  [1.5ms, 2ms]  put(k1, v7)"; observed as for Step.
  virtual std::string Describe(uint32_t operation, bool observed) const = 0;
  // "put(k1, v7)"
  virtual std::string DescribeCall(uint32_t operation, bool observed) const = 0;
  virtual std::string DescribeState(StateId state) const = 0;
};

}  // namespace checkers_internal
}  // namespace moonpool

#endif  // MOONPOOL_SIM_CHECKERS_PARTITION_H_
