// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "sim/network/connection.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "providers/base/check.h"
#include "providers/base/hash.h"
#include "sim/network/address.h"

namespace moonpool::network_internal {
namespace {

absl::Status CrashedError() {
  return absl::CancelledError("this machine has lost its power");
}

absl::Status ResetError(const End& peer) {
  return absl::UnavailableError(
      absl::StrCat("connection to ", peer.address, " reset by peer"));
}

absl::Status TimedOutError(const End& peer) {
  return absl::UnavailableError(
      absl::StrCat("connection to ", peer.address, " timed out"));
}

ListenQueue* FindListener(const End& server) {
  auto found = server.machine->listeners.find(server.port);
  return found == server.machine->listeners.end() ? nullptr : found->second;
}

}  // namespace

void Alarm::Fire() { end_->connection->OnAlarm(*end_); }

Connection::Connection(Fabric* fabric, Machine& client, uint16_t client_port,
                       Machine& server, uint16_t server_port)
    : fabric_(fabric),
      id_(fabric->next_connection_id++),
      client_(this),
      server_(this) {
  client_.machine = &client;
  client_.port = client_port;
  client_.link = &fabric->GetLink(client, server);
  server_.machine = &server;
  server_.port = server_port;
  server_.link = &fabric->GetLink(server, client);
  for (End* end : {&client_, &server_}) {
    end->address = FormatAddress(end->machine->ip, end->port);
    end->machine->AddEnd(end);
  }
  CHECK(client.client_ports.insert(client_port).second);
  ++fabric_->open_connections;
}

Connection::~Connection() {
  if (fabric_ == nullptr) return;
  for (End* end : {&client_, &server_}) {
    DropAll(*end);
    end->machine->RemoveEnd(end);
  }
  client_.machine->client_ports.erase(client_.port);
  --fabric_->open_connections;
}

// --- What streams and listeners do ------------------------------------------

void Connection::Open() {
  opened_ns_ = fabric_->world->now_ns();
  client_.state = EndState::kConnecting;
  SendControl(client_, SegmentKind::kSyn);
  RetransmitSyn(client_);
}

absl::Status Connection::CanWrite(const End& end) const {
  if (end.state == EndState::kOpen && !end.write_closed) {
    return absl::OkStatus();
  }
  if (end.state == EndState::kCrashed) return CrashedError();
  if (end.state == EndState::kBroken) return end.error;
  return absl::FailedPreconditionError("write after CloseWrite");
}

size_t Connection::Send(End& end, absl::string_view bytes) {
  const NetworkOptions& options = fabric_->options;
  const size_t total = bytes.size();
  while (!bytes.empty()) {
    const size_t size = std::min(bytes.size(), options.max_segment_bytes);
    if (end.unsent.empty() &&
        end.outstanding + size <= options.receive_window_bytes) {
      Segment* segment = fabric_->pool.New(SegmentKind::kData, &end, size);
      segment->Append(bytes.substr(0, size));
      bytes.remove_prefix(size);
      Transmit(end, segment);
      continue;
    }
    // The window is full: fill up the last waiting segment, or add one.
    size_t room = options.send_buffer_bytes - end.unsent_bytes;
    if (room == 0) break;
    Segment* last = end.unsent.last();
    if (last == nullptr || last->spare() == 0) {
      last = fabric_->pool.New(SegmentKind::kData, &end,
                               options.max_segment_bytes);
      end.unsent.Push(last);
    }
    room = std::min({room, last->spare(), bytes.size()});
    last->Append(bytes.substr(0, room));
    end.unsent_bytes += room;
    bytes.remove_prefix(room);
  }
  return total - bytes.size();
}

bool Connection::CanRead(const End& end) const {
  return !end.received.empty() || end.fin_received ||
         end.state != EndState::kOpen;
}

absl::StatusOr<size_t> Connection::Receive(End& end, absl::Span<char> buffer) {
  if (end.state == EndState::kCrashed) return CrashedError();
  // What arrived before a reset can still be read, as on Linux.
  size_t count = 0;
  while (count < buffer.size() && !end.received.empty()) {
    Segment* segment = end.received.first();
    const absl::string_view bytes =
        segment->unread().substr(0, buffer.size() - count);
    std::memcpy(buffer.data() + count, bytes.data(), bytes.size());
    segment->read += static_cast<uint32_t>(bytes.size());
    count += bytes.size();
    if (segment->read == segment->size) {
      fabric_->pool.Free(end.received.Pop());
    }
  }
  if (count > 0) {
    Credit(peer(end), count);
  } else if (!end.fin_received && end.state == EndState::kBroken &&
             !buffer.empty()) {
    return end.error;
  }
  return count;
}

void Connection::CloseWrite(End& end) {
  if (end.state != EndState::kOpen || end.write_closed) return;
  end.write_closed = true;
  end.unsent.Push(fabric_->pool.New(SegmentKind::kFin, &end, 0));
  Pump(end);
  end.writers.WakeAll();
}

void Connection::Release(End& end) {
  CHECK(end.handle);
  end.handle = false;
  if (end.state == EndState::kConnecting) {
    Abandon();
  } else if (end.state == EndState::kOpen && !fabric_->world->in_teardown()) {
    CloseWrite(end);
    // A peer whose window is full must go on, to find out that we are gone.
    const size_t dropped = fabric_->pool.FreeAll(end.received);
    if (dropped > 0) Credit(peer(end), dropped);
  }
  DeleteIfUnobserved();
}

void Connection::Refuse(End& end) {
  end.handle = false;
  Reset(end, ResetError(peer(end)));
  DeleteIfUnobserved();
}

// --- Faults -----------------------------------------------------------------

void Connection::Crash(End& end) {
  const EndState before = end.state;
  if (before == EndState::kUnborn || before == EndState::kCrashed) return;
  End& other = peer(end);
  // A handshake that never ended leaves no trace at the other side.
  if (before == EndState::kConnecting ||
      (&end == &client_ && other.state == EndState::kHalfOpen)) {
    Abandon();
  }
  ReleaseBacklog(end);
  end.state = EndState::kCrashed;
  StopAlarm(end);
  DropUnsent(end);
  fabric_->pool.FreeAll(end.received);
  // What is on its way still arrives; what waits to be sent again does not.
  if (end.stuck) DropInFlight(end);
  const bool other_waits = other.state == EndState::kConnecting ||
                           other.state == EndState::kHalfOpen ||
                           other.state == EndState::kOpen;
  // An earlier RST counts as unsent if it was among those just dropped.
  const bool reset_under_way = end.reset_sent && !end.in_flight.empty();
  if (other_waits && !reset_under_way) {
    SendControl(end, SegmentKind::kReset);
  }
  end.readers.WakeAll();
  end.writers.WakeAll();
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

void Connection::Orphan() {
  for (End* end : {&client_, &server_}) {
    DropAll(*end);
    end->machine->RemoveEnd(end);
    end->state = EndState::kCrashed;
  }
  fabric_ = nullptr;
  DeleteIfUnobserved();
}

void Connection::DeleteIfUnobserved() {
  if (client_.handle || server_.handle) return;
  // The acceptor may still get it.
  if (server_.state == EndState::kHalfOpen) return;
  delete this;
}

// --- Events -----------------------------------------------------------------

void Connection::Arrive(Segment& segment) {
  End& sender = *segment.sender;
  if (sender.stuck || sender.link->is_blocked) {
    Hold(sender);
    return;
  }
  CHECK(sender.in_flight.Pop() == &segment) << "segments arrive in order";
  End& receiver = peer(sender);
  ++fabric_->segments_delivered;
  fabric_->world->Trace(
      TraceKind::kSegment, id_,
      HashBytes(segment.unread(), static_cast<uint64_t>(segment.kind) * 2 +
                                      (&sender == &server_)));
  const SegmentKind kind = segment.kind;
  if (kind == SegmentKind::kData) {
    ArriveData(receiver, segment);
  } else {
    fabric_->pool.Free(&segment);
    if (kind == SegmentKind::kSyn) ArriveSyn(receiver);
    if (kind == SegmentKind::kSynAck) ArriveSynAck(receiver);
    if (kind == SegmentKind::kAck) ArriveAck(receiver);
    if (kind == SegmentKind::kReset) ArriveReset(receiver);
    if (kind == SegmentKind::kFin) {
      receiver.fin_received = true;
      receiver.readers.WakeAll();
    }
  }
  DeleteIfUnobserved();
}

void Connection::ArriveSyn(End& server) {
  if (server.state != EndState::kUnborn) return;
  ListenQueue* queue = FindListener(server);
  if (queue == nullptr) {
    Reset(server, ResetError(client_));
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
  if (server.state != EndState::kHalfOpen) return;
  ListenQueue* queue = FindListener(server);
  if (queue == nullptr || queue->id != listener_id_) {
    Reset(server, ResetError(client_));
    return;
  }
  --queue->half_open;
  server.state = EndState::kOpen;
  server.handle = true;
  fabric_->world->Trace(TraceKind::kConnect, id_, 1);
  queue->established.push_back(&server);
  queue->acceptors.WakeAll();
}

void Connection::ArriveData(End& receiver, Segment& segment) {
  if (receiver.state != EndState::kOpen || !receiver.handle) {
    fabric_->pool.Free(&segment);
    // Data for a stream that is closed: the sender has to learn of it.
    if (receiver.state == EndState::kOpen) {
      Reset(receiver, ResetError(peer(receiver)));
    }
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
    Break(receiver, absl::UnavailableError(absl::StrCat(
                        "connection to ", server_.address, " refused")));
  } else {
    Break(receiver, ResetError(peer(receiver)));
  }
}

void Connection::OnAlarm(End& end) {
  if (end.state == EndState::kConnecting) {
    RetransmitSyn(end);
    return;
  }
  CHECK(end.stuck);
  End& other = peer(end);
  const bool half_open = other.state == EndState::kHalfOpen;
  Reset(end, TimedOutError(other));
  if (half_open) Abandon();  // the acceptor never hears of it
  DeleteIfUnobserved();
}

// --- Sending ----------------------------------------------------------------

void Connection::SendControl(End& end, SegmentKind kind) {
  if (kind == SegmentKind::kReset) end.reset_sent = true;
  Transmit(end, fabric_->pool.New(kind, &end, 0));
}

void Connection::Transmit(End& end, Segment* segment) {
  end.outstanding += segment->size;
  end.in_flight.Push(segment);
  if (end.stuck || end.link->is_blocked) {
    Hold(end);
  } else {
    ScheduleArrival(end, segment);
  }
}

void Connection::ScheduleArrival(End& end, Segment* segment) {
  const int64_t now_ns = fabric_->world->now_ns();
  end.last_arrival_ns = std::max(
      end.last_arrival_ns, now_ns + fabric_->DrawLatencyNs(*end.link));
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
  if (peer(sender).link->is_blocked) {
    sender.uncredited += count;
    return;
  }
  sender.outstanding -= count;
  Pump(sender);
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

// --- Endings ----------------------------------------------------------------

void Connection::Reset(End& end, absl::Status error) {
  if (end.state == EndState::kBroken || end.state == EndState::kCrashed) {
    return;
  }
  Break(end, std::move(error));
  if (peer(end).state != EndState::kCrashed) {
    SendControl(end, SegmentKind::kReset);
  }
}

void Connection::Break(End& end, absl::Status error) {
  if (end.state == EndState::kBroken || end.state == EndState::kCrashed) {
    return;
  }
  fabric_->world->Trace(TraceKind::kReset, id_, &end == &server_);
  ReleaseBacklog(end);
  end.state = EndState::kBroken;
  end.error = std::move(error);
  StopAlarm(end);
  DropUnsent(end);
  if (end.stuck) DropInFlight(end);
  end.readers.WakeAll();
  end.writers.WakeAll();
}

void Connection::ReleaseBacklog(End& server) {
  if (server.state != EndState::kHalfOpen) return;
  ListenQueue* queue = FindListener(server);
  if (queue != nullptr && queue->id == listener_id_) --queue->half_open;
}

void Connection::Abandon() {
  ReleaseBacklog(server_);
  server_.state = EndState::kUnborn;
  StopAlarm(client_);
  DropInFlight(client_);
  DropInFlight(server_);
}

void Connection::StopAlarm(End& end) {
  if (end.alarm.is_scheduled()) fabric_->world->Cancel(end.alarm);
}

void Connection::DropUnsent(End& end) {
  fabric_->pool.FreeAll(end.unsent);
  end.unsent_bytes = 0;
}

void Connection::DropInFlight(End& end) {
  for (Segment* s = end.in_flight.first(); s != nullptr; s = s->next) {
    if (s->is_scheduled()) fabric_->world->Cancel(*s);
  }
  fabric_->pool.FreeAll(end.in_flight);
}

void Connection::DropAll(End& end) {
  StopAlarm(end);
  DropUnsent(end);
  DropInFlight(end);
  fabric_->pool.FreeAll(end.received);
}

}  // namespace moonpool::network_internal
