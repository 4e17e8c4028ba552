// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "sim/core/event_queue.h"

#include "providers/base/check.h"

namespace moonpool {

EventQueue::~EventQueue() {
  // Events are owned elsewhere; those that outlive the queue must not try to
  // cancel themselves in it.
  while (TimedEvent* event = Pop()) (void)event;
}

void EventQueue::Schedule(TimedEvent& event, int64_t time_ns) {
  CHECK(!event.is_scheduled()) << "an event can be scheduled only once";
  CHECK(time_ns >= 0 && static_cast<uint64_t>(time_ns) >= cursor_ns_)
      << "cannot schedule into the past: " << time_ns;
  event.time_ns_ = time_ns;
  Insert(event);
  ++size_;
}

void EventQueue::Insert(TimedEvent& event) {
  const uint64_t time = static_cast<uint64_t>(event.time_ns_);
  const uint64_t different = time ^ cursor_ns_;
  const int level =
      different == 0 ? 0 : (63 - __builtin_clzll(different)) / kBits;
  const int index = (time >> (level * kBits)) & (kSlots - 1);
  Slot& slot = slots_[level][index];
  event.slot_ = static_cast<uint16_t>(level * kSlots + index);
  event.previous_ = slot.last;
  event.next_ = nullptr;
  (slot.last != nullptr ? slot.last->next_ : slot.first) = &event;
  slot.last = &event;
  occupied_[level] |= uint64_t{1} << index;
  levels_in_use_ |= 1u << level;
}

void EventQueue::Unlink(TimedEvent& event) {
  const int level = event.slot_ / kSlots;
  const int index = event.slot_ % kSlots;
  Slot& slot = slots_[level][index];
  (event.previous_ != nullptr ? event.previous_->next_ : slot.first) =
      event.next_;
  (event.next_ != nullptr ? event.next_->previous_ : slot.last) =
      event.previous_;
  if (slot.first == nullptr) {
    occupied_[level] &= ~(uint64_t{1} << index);
    if (occupied_[level] == 0) levels_in_use_ &= ~(1u << level);
  }
  event.slot_ = TimedEvent::kNotScheduled;
}

void EventQueue::Cancel(TimedEvent& event) {
  CHECK(event.is_scheduled());
  Unlink(event);
  --size_;
}

TimedEvent* EventQueue::Pop() {
  if (size_ == 0) return nullptr;
  for (;;) {
    const int level = __builtin_ctz(levels_in_use_);
    const int index = __builtin_ctzll(occupied_[level]);
    Slot& slot = slots_[level][index];
    // A slot of level 0 holds one time only, and an event alone in its slot is
    // the earliest there is: the slot is the first of the lowest level in use.
    TimedEvent* first = slot.first;
    if (level == 0 || first->next_ == nullptr) {
      Unlink(*first);
      --size_;
      cursor_ns_ = static_cast<uint64_t>(first->time_ns_);
      return first;
    }
    // Cascade: enter the slot's range and deal its events to lower levels.
    const int shift = level * kBits;
    const uint64_t above = shift + kBits >= 64
                               ? 0
                               : (cursor_ns_ >> (shift + kBits))
                                     << (shift + kBits);
    cursor_ns_ = above | (static_cast<uint64_t>(index) << shift);
    slot = Slot();
    occupied_[level] &= ~(uint64_t{1} << index);
    if (occupied_[level] == 0) levels_in_use_ &= ~(1u << level);
    while (first != nullptr) {
      TimedEvent* next = first->next_;
      Insert(*first);
      first = next;
    }
  }
}

}  // namespace moonpool
