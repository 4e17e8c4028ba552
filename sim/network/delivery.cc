// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "providers/base/check.h"
#include "providers/base/hash.h"
#include "sim/network/connection.h"

namespace moonpool::network_internal {

void Connection::Arrive(Segment& segment) {
  End& sender = *segment.sender;
  if (sender.stuck || sender.link->blocks != 0) {
    if (sender.stuck || sender.link->holds_streams()) {
      Hold(sender);
    } else {
      ResetByNetwork();
    }
    return;
  }
  CHECK(sender.in_flight.Pop() == &segment) << "segments arrive in order";
  End& receiver = peer(sender);
  ++fabric_->stats.segments;
  --fabric_->stats.segments_in_flight;
  fabric_->stats.bytes += segment.size;
  receiver.last_heard_ns = fabric_->world->now_ns();
  if (may_fault() && segment.kind == SegmentKind::kData) RollBitFlips(segment);
  fabric_->world->Trace(
      TraceKind::kSegment, id_,
      HashBytes(segment.unread(), static_cast<uint64_t>(segment.kind) * 2 +
                                      (&sender == &server_)));
  const SegmentKind kind = segment.kind;
  if (__builtin_expect(receiver.vanished, 0)) {
    fabric_->pool.Free(&segment);
    if (kind != SegmentKind::kReset) AnswerWithReset(receiver);
  } else if (kind == SegmentKind::kData) {
    ArriveData(receiver, segment);
  } else {
    fabric_->pool.Free(&segment);
    ArriveControl(receiver, kind);
  }
  DeleteIfUnobserved();
}

void Connection::ArriveControl(End& receiver, SegmentKind kind) {
  switch (kind) {
    case SegmentKind::kSyn:
      return ArriveSyn(receiver);
    case SegmentKind::kSynAck:
      return ArriveSynAck(receiver);
    case SegmentKind::kAck:
      return ArriveAck(receiver);
    case SegmentKind::kReset:
      return ArriveReset(receiver);
    case SegmentKind::kFin:
      receiver.fin_received = true;
      receiver.readers.WakeAll();
      return;
    case SegmentKind::kProbe:
      if (receiver.state == EndState::kOpen) {
        SendControl(receiver, SegmentKind::kProbeAck);
      }
      return;
    case SegmentKind::kProbeAck:
      return;  // it was heard: that is all
    case SegmentKind::kData:
      break;
  }
  CHECK(false) << "not a control segment";
}

void Connection::AnswerWithReset(End& receiver) {
  const EndState other = peer(receiver).state;
  if (receiver.reset_sent || other == EndState::kCrashed ||
      other == EndState::kBroken) {
    return;
  }
  SendControl(receiver, SegmentKind::kReset);
}

void Connection::ArriveSyn(End& server) {
  if (server.state != EndState::kUnborn ||
      fate_ == ConnectFate::kNeverAnswered) {
    return;
  }
  ListenQueue* queue = FindListener();
  if (queue == nullptr || fate_ == ConnectFate::kRefused) {
    Reset(server, ResetError(server));
    return;
  }
  const size_t waiting = queue->established.size() + queue->half_open;
  if (waiting >= static_cast<size_t>(fabric_->options.backlog)) return;
  ++queue->half_open;
  listener_id_ = queue->id;
  server.state = EndState::kHalfOpen;
  SendControl(server, SegmentKind::kSynAck);
}

void Connection::ArriveSynAck(End& client) {
  if (client.state != EndState::kConnecting) return;
  StopAlarm(client);
  client.state = EndState::kOpen;
  fabric_->world->Trace(TraceKind::kConnect, id_, 0);
  SendControl(client, SegmentKind::kAck);
  client.writers.WakeAll();
}

void Connection::ArriveAck(End& server) {
  // It lost its power after it had answered the SYN, and is up again.
  if (server.state == EndState::kUnborn) AnswerWithReset(server);
  if (server.state != EndState::kHalfOpen) return;
  ListenQueue* queue = FindListener();
  if (queue == nullptr || queue->id != listener_id_) {
    Reset(server, ResetError(server));
    return;
  }
  --queue->half_open;
  server.state = EndState::kOpen;
  server.handle = true;
  ++fabric_->stats.connections_accepted;
  fabric_->world->Trace(TraceKind::kConnect, id_, 1);
  queue->established.push_back(&server);
  queue->acceptors.WakeAll();
}

void Connection::ArriveData(End& receiver, Segment& segment) {
  if (receiver.state != EndState::kOpen || !receiver.handle) {
    fabric_->pool.Free(&segment);
    // Data for a stream that is closed: the sender has to learn of it.
    if (receiver.state == EndState::kOpen) {
      Reset(receiver, ResetError(receiver));
    }
    return;
  }
  if (receiver.receive_broken) {
    const size_t size = segment.size;
    fabric_->pool.Free(&segment);
    Credit(peer(receiver), size);
    return;
  }
  Segment* last = receiver.received.last();
  if (last != nullptr && last->spare() >= segment.size) {
    last->Append(segment.unread());
    fabric_->pool.Free(&segment);
  } else {
    receiver.received.Push(&segment);
  }
  receiver.readers.WakeAll();
}

void Connection::ArriveReset(End& receiver) {
  if (receiver.state == EndState::kConnecting) {
    Break(receiver, RefusedError());
  } else {
    Break(receiver, ResetError(receiver));
  }
}

}  // namespace moonpool::network_internal
