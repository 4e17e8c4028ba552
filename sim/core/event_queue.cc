// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "sim/core/event_queue.h"

#include <limits>

namespace moonpool {
namespace {

// Most worlds need no more; a kilobyte.
constexpr size_t kFirstEntries = 32;

}  // namespace

EventQueue::EventQueue() : entries_(1) {}

EventQueue::~EventQueue() {
  // Events are owned elsewhere; those that outlive the queue must not try to
  // cancel themselves in it.
  while (TimedEvent* event = Pop()) (void)event;
}

void EventQueue::Grow() {
  const size_t old_size = entries_.size();
  const size_t size = old_size < kFirstEntries ? kFirstEntries : 2 * old_size;
  CHECK(size <= std::numeric_limits<Index>::max()) << "too many events";
  entries_.resize(size);
  // Lowest first.
  for (size_t at = size; at-- > old_size;) {
    entries_[at].next = free_;
    free_ = static_cast<Index>(at);
  }
}

void EventQueue::Cancel(TimedEvent& event) {
  CHECK(event.is_scheduled());
  const Index at = event.entry_;
  Entry& entry = entries_[at];
  const int level = LevelOf(entry);
  const int index = IndexOf(entry, level);
  if (entry.previous == kNone && entry.next == kNone) {
    Clear(level, index);
  } else {
    Slot& slot = slots_[level][index];
    (entry.previous != kNone ? entries_[entry.previous].next : slot.first) =
        entry.next;
    (entry.next != kNone ? entries_[entry.next].previous : slot.last) =
        entry.previous;
  }
  Release(at, entry);
}

// Enters the slot's range and deals its events to lower levels.
void EventQueue::Cascade(int level, int index) {
  const int shift = level * kBits;
  const uint64_t above = shift + kBits >= 64
                             ? 0
                             : (cursor_ns_ >> (shift + kBits))
                                   << (shift + kBits);
  cursor_ns_ = above | (static_cast<uint64_t>(index) << shift);
  Index at = slots_[level][index].first;
  Index back = slots_[level][index].last;
  Clear(level, index);
  while (at != kNone) {
    // A list is walked at the speed of its cache misses: walk it from both ends
    // at once.
    __builtin_prefetch(&entries_[back]);
    back = entries_[back].previous;
    Entry& entry = entries_[at];
    const Index next = entry.next;
    Insert(at, entry);
    // Those of the lowest level fire soon: fetch them and the frames around
    // them, where their tasks go on.
    if (level == 1) {
      const char* event = reinterpret_cast<const char*>(entry.event);
      __builtin_prefetch(event - 64);
      __builtin_prefetch(event);
      __builtin_prefetch(event + 64);
    }
    at = next;
  }
}

}  // namespace moonpool
