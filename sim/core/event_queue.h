// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// The event queue: a hierarchical timing wheel (Varghese, Lauck 1987) of 11
// levels of 64 slots over nanoseconds. It yields events in exact (time, order
// of scheduling) order, inserts and cancels in O(1), and holds nothing for a
// cancelled event, so a fork copies only what is pending.
//
// The slots link entries of one dense table, not the events themselves: those
// are strewn over the frames of their tasks, and with 100,000 of them each look
// at one would be a cache miss, of which a wheel has several per event.
//
// Invariants:
//  1. Slots are first-in-first-out, and an event sits below the level it was
//     inserted at only after a cascade that moved all older ones with it;
//     hence equal times come out in scheduling order.
//  2. cursor_ns_ <= every pending time; it moves only when an event is popped.
//  3. Every entry but the first is in one slot or in the free list.
#ifndef MOONPOOL_SIM_CORE_EVENT_QUEUE_H_
#define MOONPOOL_SIM_CORE_EVENT_QUEUE_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "providers/base/check.h"
#include "providers/time.h"

namespace moonpool {

class EventQueue {
 public:
  EventQueue();
  EventQueue(const EventQueue&) = delete;
  ~EventQueue();

  // REQUIRES: event is not scheduled; time_ns >= the time popped last.
  void Schedule(TimedEvent& event, int64_t time_ns) {
    CHECK(!event.is_scheduled()) << "an event can be scheduled only once";
    CHECK(time_ns >= 0 && static_cast<uint64_t>(time_ns) >= cursor_ns_)
        << "cannot schedule into the past: " << time_ns;
    if (__builtin_expect(free_ == kNone, 0)) Grow();
    const Index at = free_;
    Entry& entry = entries_[at];
    free_ = entry.next;
    entry.event = &event;
    entry.time_ns = time_ns;
    event.time_ns_ = time_ns;
    event.entry_ = at;
    Insert(at, entry);
    ++size_;
  }
  // REQUIRES: event is scheduled here.
  void Cancel(TimedEvent& event);
  // Takes out the earliest event. nullptr if there is none.
  TimedEvent* Pop() {
    if (size_ == 0) return nullptr;
    for (;;) {
      const int level = __builtin_ctz(levels_in_use_);
      const int index = __builtin_ctzll(occupied_[level]);
      Slot& slot = slots_[level][index];
      const Index at = slot.first;
      Entry& entry = entries_[at];
      // A slot of level 0 holds one time only, and an event alone in its slot
      // is the earliest there is: the slot is the first of the lowest level in
      // use.
      if (entry.next != kNone) {
        if (level != 0) {
          Cascade(level, index);
          continue;
        }
        slot.first = entry.next;
        entries_[entry.next].previous = kNone;
      } else {
        Clear(level, index);
      }
      cursor_ns_ = static_cast<uint64_t>(entry.time_ns);
      return Release(at, entry);
    }
  }

  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

 private:
  static constexpr int kBits = 6;
  static constexpr int kSlots = 1 << kBits;
  static constexpr int kLevels = 11;

  // Of an entry in the table.
  using Index = uint32_t;
  static constexpr Index kNone = 0;  // the first entry is never used

  struct Entry {
    TimedEvent* event;
    int64_t time_ns;
    Index previous;
    Index next;  // in the slot, or in the free list
  };
  struct Slot {
    Index first = kNone;
    Index last = kNone;
  };

  // Where an entry belongs follows from its time and the cursor, and does not
  // change until the cursor enters its slot: then the slot is dealt out.
  int LevelOf(const Entry& entry) const {
    const uint64_t different =
        static_cast<uint64_t>(entry.time_ns) ^ cursor_ns_;
    return different == 0 ? 0 : (63 - __builtin_clzll(different)) / kBits;
  }
  static int IndexOf(const Entry& entry, int level) {
    return static_cast<uint64_t>(entry.time_ns) >> (level * kBits) &
           (kSlots - 1);
  }
  void Insert(Index at, Entry& entry) {
    const int level = LevelOf(entry);
    const int index = IndexOf(entry, level);
    Slot& slot = slots_[level][index];
    entry.previous = slot.last;
    entry.next = kNone;
    (slot.last != kNone ? entries_[slot.last].next : slot.first) = at;
    slot.last = at;
    occupied_[level] |= uint64_t{1} << index;
    levels_in_use_ |= 1u << level;
  }
  // Empties a slot.
  void Clear(int level, int index) {
    slots_[level][index] = Slot();
    occupied_[level] &= ~(uint64_t{1} << index);
    if (occupied_[level] == 0) levels_in_use_ &= ~(1u << level);
  }
  // Ends an entry that is in no slot any more.
  TimedEvent* Release(Index at, Entry& entry) {
    entry.next = free_;
    free_ = at;
    --size_;
    entry.event->entry_ = TimedEvent::kNotScheduled;
    return entry.event;
  }
  void Cascade(int level, int index);
  void Grow();

  uint64_t cursor_ns_ = 0;
  size_t size_ = 0;
  uint32_t levels_in_use_ = 0;  // bit per level with a non-empty slot
  Index free_ = kNone;
  std::vector<Entry> entries_;
  uint64_t occupied_[kLevels] = {};
  Slot slots_[kLevels][kSlots];
};

}  // namespace moonpool

#endif  // MOONPOOL_SIM_CORE_EVENT_QUEUE_H_
