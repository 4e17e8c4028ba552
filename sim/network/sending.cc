// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include "providers/base/check.h"
#include "sim/network/connection.h"

namespace moonpool::network_internal {

void Connection::SendControl(End& end, SegmentKind kind) {
  if (kind == SegmentKind::kReset) end.reset_sent = true;
  Transmit(end, fabric_->pool.New(kind, &end, 0));
}

void Connection::Transmit(End& end, Segment* segment) {
  end.outstanding += segment->size;
  end.in_flight.Push(segment);
  fabric_->CountInFlight();
  if (may_fault()) RollClog(end);
  if (end.stuck || end.link->holds_streams()) {
    Hold(end);
  } else {
    ScheduleArrival(end, segment);
  }
}

void Connection::ScheduleArrival(End& end, Segment* segment) {
  const int64_t now_ns = fabric_->world->now_ns();
  segment->sent_ns = end.link->SentNs(now_ns, segment->size);
  // First: a branch at this very draw lets the others draw again, too, and so
  // moves last_arrival_ns.
  const int64_t arrival_ns = segment->sent_ns + end.link->DrawLatencyNs();
  end.last_arrival_ns = std::max(end.last_arrival_ns, arrival_ns);
  fabric_->world->Schedule(*segment, end.last_arrival_ns - now_ns);
}

void Connection::Hold(End& end) {
  if (end.state == EndState::kCrashed) {
    // Nobody sends the lost bytes again. The RST gets through, for the reborn
    // machine answers any further segment with one.
    const bool reset = end.reset_sent;
    DropInFlight(end);
    if (reset) {
      end.in_flight.Push(fabric_->pool.New(SegmentKind::kReset, &end, 0));
      fabric_->CountInFlight();
    }
    end.stuck = true;
    return;
  }
  if (end.stuck) return;
  end.stuck = true;
  if (end.state == EndState::kOpen && !end.alarm.is_scheduled()) {
    fabric_->world->Schedule(
        end.alarm, absl::ToInt64Nanoseconds(fabric_->options.user_timeout));
  }
}

void Connection::Pump(End& end) {
  const size_t window = fabric_->options.receive_window_bytes;
  bool moved = false;
  while (!end.unsent.empty() &&
         end.outstanding + end.unsent.first()->size <= window) {
    Segment* segment = end.unsent.Pop();
    end.unsent_bytes -= segment->size;
    Transmit(end, segment);
    moved = true;
  }
  if (moved) end.writers.WakeAll();
}

void Connection::Credit(End& sender, size_t count) {
  if (peer(sender).link->holds_streams()) {
    sender.uncredited += count;
    return;
  }
  sender.outstanding -= count;
  Pump(sender);
}

void Connection::Heal(End& end) {
  if (end.stuck) {
    end.stuck = false;
    if (end.state != EndState::kConnecting) StopAlarm(end);
    end.last_arrival_ns = 0;
    for (Segment* s = end.in_flight.first(); s != nullptr; s = s->next) {
      if (s->is_scheduled()) fabric_->world->Cancel(*s);
      ScheduleArrival(end, s);
    }
  }
  // Window updates for the peer's pipe travel on this link, too.
  End& other = peer(end);
  if (other.uncredited > 0) {
    other.outstanding -= std::exchange(other.uncredited, 0);
    Pump(other);
  }
}

}  // namespace moonpool::network_internal
