// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// The event queue: a hierarchical timing wheel (Varghese, Lauck 1987) of 11
// levels of 64 slots over nanoseconds. It yields events in exact (time, order
// of scheduling) order, inserts and cancels in O(1), and holds nothing for a
// cancelled event, so a fork copies only what is pending.
//
// Invariants:
//  1. Slots are first-in-first-out, and an event sits below the level it was
//     inserted at only after a cascade that moved all older ones with it;
//     hence equal times come out in scheduling order.
//  2. cursor_ns_ <= every pending time; it moves only when an event is popped.
#ifndef MOONPOOL_SIM_CORE_EVENT_QUEUE_H_
#define MOONPOOL_SIM_CORE_EVENT_QUEUE_H_

#include <cstddef>
#include <cstdint>

#include "providers/time.h"

namespace moonpool {

class EventQueue {
 public:
  EventQueue() = default;
  EventQueue(const EventQueue&) = delete;
  ~EventQueue();

  // REQUIRES: event is not scheduled; time_ns >= the time popped last.
  void Schedule(TimedEvent& event, int64_t time_ns);
  // REQUIRES: event is scheduled here.
  void Cancel(TimedEvent& event);
  // Takes out the earliest event. nullptr if there is none.
  TimedEvent* Pop();

  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

 private:
  static constexpr int kBits = 6;
  static constexpr int kSlots = 1 << kBits;
  static constexpr int kLevels = 11;

  struct Slot {
    TimedEvent* first = nullptr;
    TimedEvent* last = nullptr;
  };

  void Insert(TimedEvent& event);
  void Unlink(TimedEvent& event);

  uint64_t cursor_ns_ = 0;
  size_t size_ = 0;
  uint32_t levels_in_use_ = 0;  // bit per level with a non-empty slot
  uint64_t occupied_[kLevels] = {};
  Slot slots_[kLevels][kSlots];
};

}  // namespace moonpool

#endif  // MOONPOOL_SIM_CORE_EVENT_QUEUE_H_
