// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "providers/base/check.h"
#include "sim/network/connection.h"

namespace moonpool::network_internal {

namespace {

absl::Status TimedOutError(const End& peer) {
  return absl::UnavailableError(
      absl::StrCat("connection to ", peer.address, " timed out"));
}

}  // namespace

void Alarm::Fire() { end_->connection->OnAlarm(*end_); }

void Keepalive::Fire() { end_->connection->OnKeepalive(*end_); }

void Connection::SetKeepalive(End& end, absl::Duration idle) {
  if (end.state != EndState::kOpen || fabric_->world->in_teardown()) return;
  StopKeepalive(end);
  end.keepalive.idle_ns = absl::ToInt64Nanoseconds(idle);
  if (end.keepalive.idle_ns <= 0) {
    end.keepalive.idle_ns = 0;
    return;
  }
  end.last_heard_ns = fabric_->world->now_ns();
  end.keepalive.probing = false;
  fabric_->world->Schedule(end.keepalive, end.keepalive.idle_ns);
}

void Connection::OnKeepalive(End& end) {
  Keepalive& keepalive = end.keepalive;
  const int64_t silent_ns = fabric_->world->now_ns() - end.last_heard_ns;
  if (silent_ns < keepalive.idle_ns) {
    keepalive.probing = false;
    fabric_->world->Schedule(keepalive, keepalive.idle_ns - silent_ns);
    return;
  }
  if (keepalive.probing) {
    TimeOut(end);
    return;
  }
  // What is stuck already asks for an answer.
  keepalive.probing = true;
  if (!end.stuck) SendControl(end, SegmentKind::kProbe);
  fabric_->world->Schedule(keepalive, keepalive.idle_ns);
}

void Connection::OnAlarm(End& end) {
  if (end.state == EndState::kConnecting) {
    RetransmitSyn(end);
    return;
  }
  CHECK(end.stuck);
  TimeOut(end);
}

void Connection::TimeOut(End& end) {
  End& other = peer(end);
  const bool half_open = other.state == EndState::kHalfOpen;
  Reset(end, TimedOutError(other));
  if (half_open) Abandon();  // the acceptor never hears of it
  DeleteIfUnobserved();
}

void Connection::RetransmitSyn(End& client) {
  const int64_t elapsed_ns = fabric_->world->now_ns() - opened_ns_;
  const int64_t timeout_ns =
      absl::ToInt64Nanoseconds(fabric_->options.connect_timeout);
  if (elapsed_ns >= timeout_ns) {
    Abandon();
    Break(client, TimedOutError(server_));
    return;
  }
  // Only a full backlog loses a SYN for good; a partition holds it.
  if (syn_attempts_ > 0 && client.in_flight.empty() &&
      server_.state == EndState::kUnborn) {
    SendControl(client, SegmentKind::kSyn);
  }
  const int64_t wait_ns = int64_t{1000000000} << std::min(syn_attempts_++, 6);
  fabric_->world->Schedule(client.alarm,
                           std::min(wait_ns, timeout_ns - elapsed_ns));
}

}  // namespace moonpool::network_internal
