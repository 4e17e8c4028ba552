// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "sim/network/connection.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "providers/base/check.h"
#include "sim/network/address.h"

namespace moonpool::network_internal {
namespace {

absl::Status CrashedError() {
  return absl::CancelledError("this machine has lost its power");
}

}  // namespace

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
  ++fabric_->stats.connections_opened;
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

void Connection::Open(ConnectFate fate) {
  fate_ = fate;
  opened_ns_ = fabric_->world->now_ns();
  client_.state = EndState::kConnecting;
  SendControl(client_, SegmentKind::kSyn);
  RetransmitSyn(client_);
}

absl::Status Connection::ResetError(const End& end) const {
  return absl::UnavailableError(
      absl::StrCat("connection to ", peer(end).address, " reset by peer"));
}

absl::Status Connection::RefusedError() const {
  return absl::UnavailableError(
      absl::StrCat("connection to ", server_.address, " refused"));
}

absl::Status Connection::CanWrite(const End& end) const {
  if (end.state == EndState::kOpen && !end.write_closed) {
    return end.send_broken ? ResetError(end) : absl::OkStatus();
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
         end.state != EndState::kOpen || end.receive_broken;
}

absl::StatusOr<size_t> Connection::Receive(End& end, absl::Span<char> buffer) {
  if (end.state == EndState::kCrashed) return CrashedError();
  if (may_fault()) buffer = buffer.first(RollPartialRead(end, buffer.size()));
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
  } else if (end.receive_broken && !buffer.empty()) {
    return ResetError(end);
  }
  return count;
}

void Connection::CloseWrite(End& end) {
  if (end.state != EndState::kOpen || end.write_closed) return;
  end.write_closed = true;
  if (!end.send_broken) {
    end.unsent.Push(fabric_->pool.New(SegmentKind::kFin, &end, 0));
    Pump(end);
  }
  end.writers.WakeAll();
}

void Connection::Abort(End& end) {
  if (end.state != EndState::kOpen || fabric_->world->in_teardown()) return;
  fabric_->pool.FreeAll(end.received);
  end.fin_received = false;
  Reset(end, absl::UnavailableError(absl::StrCat(
                 "connection to ", peer(end).address, " reset: aborted")));
}

void Connection::Release(End& end) {
  CHECK(end.handle);
  end.handle = false;
  if (end.state == EndState::kConnecting) {
    Abandon();
  } else if (end.state == EndState::kOpen && !fabric_->world->in_teardown()) {
    StopKeepalive(end);
    if (end.send_broken) {
      // A FIN would make a clean end of what is not the end.
      Reset(end, ResetError(end));
    } else {
      CloseWrite(end);
    }
    // A peer whose window is full must go on, to find out that we are gone.
    const size_t dropped = fabric_->pool.FreeAll(end.received);
    if (dropped > 0) Credit(peer(end), dropped);
  }
  DeleteIfUnobserved();
}

void Connection::Refuse(End& end) {
  end.handle = false;
  Reset(end, ResetError(end));
  DeleteIfUnobserved();
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
  ++fabric_->stats.connections_reset;
  ReleaseBacklog(end);
  end.state = EndState::kBroken;
  end.error = std::move(error);
  StopAlarm(end);
  StopKeepalive(end);
  DropUnsent(end);
  if (end.stuck) DropInFlight(end);
  end.readers.WakeAll();
  end.writers.WakeAll();
}

ListenQueue* Connection::FindListener() const {
  const auto& listeners = server_.machine->listeners;
  auto found = listeners.find(server_.port);
  return found == listeners.end() ? nullptr : found->second;
}

void Connection::ReleaseBacklog(End& server) {
  if (server.state != EndState::kHalfOpen) return;
  ListenQueue* queue = FindListener();
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

void Connection::StopKeepalive(End& end) {
  end.keepalive.idle_ns = 0;
  if (end.keepalive.is_scheduled()) fabric_->world->Cancel(end.keepalive);
}

void Connection::DropUnsent(End& end) {
  fabric_->pool.FreeAll(end.unsent);
  end.unsent_bytes = 0;
}

void Connection::DropInFlight(End& end) {
  for (Segment* s = end.in_flight.first(); s != nullptr; s = s->next) {
    if (s->is_scheduled()) fabric_->world->Cancel(*s);
    --fabric_->stats.segments_in_flight;
  }
  fabric_->pool.FreeAll(end.in_flight);
}

void Connection::DropAll(End& end) {
  StopAlarm(end);
  StopKeepalive(end);
  DropUnsent(end);
  DropInFlight(end);
  fabric_->pool.FreeAll(end.received);
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

}  // namespace moonpool::network_internal
