// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Connection: one TCP connection, both of its ends and all that is under way
// between them. Each end has an outgoing pipe of three queues:
//
//   unsent (at the sender) -> in_flight (events) -> peer's received (unread)
//
// Invariants:
//  1. Segments only ever go from the front of one queue to the back of the
//     next, so the stream has no holes: bytes arrive in order, or the
//     connection breaks and the bytes at the end are missing.
//  2. An in-flight segment is either scheduled or held by a blocked link. Once
//     one is held (End::stuck) all behind it are held when they fire; when the
//     link opens all of them are scheduled anew.
//  3. outstanding = bytes in flight, unread, or read with the window update
//     held up by a blocked way back; <= receive_window_bytes.
//  4. An end that is kBroken, kCrashed or send_broken has nothing unsent.
//
// The implementation: connection.cc has what streams do and how it ends,
// sending.cc the outgoing pipe, delivery.cc what arrives, alarms.cc time-outs,
// connection_faults.cc what faults do.
//
// Lifetime: a connection deletes itself as soon as nobody can observe it: no
// Stream holds an end, none waits to be accepted. Public operations may delete
// it as their last act.
#ifndef MOONPOOL_SIM_NETWORK_CONNECTION_H_
#define MOONPOOL_SIM_NETWORK_CONNECTION_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "providers/coro/task.h"
#include "providers/coro/wait_list.h"
#include "providers/time.h"
#include "sim/network/fabric.h"
#include "sim/network/segment.h"

namespace moonpool::network_internal {

class Connection;

enum class EndState : uint8_t {
  kUnborn,      // the server's end before a SYN has arrived
  kConnecting,  // the client's end until the answer has arrived
  kHalfOpen,    // the server's end until the client's ACK has arrived
  kOpen,
  kBroken,   // reset, refused or timed out: End::error says which
  kCrashed,  // the machine lost power: inert
};

enum class ConnectFate : uint8_t { kNormal, kRefused, kNeverAnswered };

// The one timer of an end: while connecting it sends the SYN again, later it
// guards against segments that are stuck for too long.
class Alarm final : public TimedEvent {
 public:
  explicit Alarm(End* end) : end_(end) {}
  void Fire() override;

 private:
  End* end_;
};

// Asks a silent peer whether it is there (Stream::SetKeepalive).
class Keepalive final : public TimedEvent {
 public:
  explicit Keepalive(End* end) : end_(end) {}
  void Fire() override;

  int64_t idle_ns = 0;   // zero: off
  bool probing = false;  // asked, or something stuck asks in its place

 private:
  End* end_;
};

struct End {
  explicit End(Connection* connection)
      : connection(connection), alarm(this), keepalive(this) {}

  Connection* const connection;
  Machine* machine = nullptr;
  std::string address;
  uint16_t port = 0;
  EndState state = EndState::kUnborn;
  bool handle = false;  // a Stream, or a place in an accept queue, is on it
  bool write_closed = false;
  bool reset_sent = false;
  bool fin_received = false;
  // One direction is dead (a random close): reads, or writes, give a reset.
  bool receive_broken = false;
  bool send_broken = false;
  // kCrashed, and no RST was sent: whoever sends something to it gets one.
  bool vanished = false;
  absl::Status error;
  SegmentQueue received;
  WaitList readers;
  WaitList writers;

  // The outgoing pipe.
  Link* link = nullptr;
  SegmentQueue unsent;
  SegmentQueue in_flight;
  size_t unsent_bytes = 0;
  size_t outstanding = 0;
  size_t uncredited = 0;  // part of outstanding: read, but we do not know yet
  int64_t last_arrival_ns = 0;
  bool stuck = false;
  Alarm alarm;
  int64_t last_heard_ns = 0;
  Keepalive keepalive;

  // Among the ends of the machine.
  End* previous = nullptr;
  End* next = nullptr;
};

class Connection {
 public:
  // REQUIRES: client_port is free; it is taken until the connection is gone.
  Connection(Fabric* fabric, Machine& client, uint16_t client_port,
             Machine& server, uint16_t server_port);
  Connection(const Connection&) = delete;

  End& client() { return client_; }
  End& server() { return server_; }
  End& peer(const End& end) { return &end == &client_ ? server_ : client_; }
  const End& peer(const End& end) const {
    return &end == &client_ ? server_ : client_;
  }

  // Starts the handshake; writers of the client's end wake when it is over.
  void Open(ConnectFate fate);
  // Copies as many bytes as the window and the send buffer have room for.
  // REQUIRES: CanWrite(end).ok().
  size_t Send(End& end, absl::string_view bytes);
  absl::Status CanWrite(const End& end) const;
  // Whether Receive has something to say: bytes, end-of-stream or an error.
  bool CanRead(const End& end) const;
  // REQUIRES: CanRead(end).
  absl::StatusOr<size_t> Receive(End& end, absl::Span<char> buffer);
  void CloseWrite(End& end);
  // Breaks the connection; the peer gets a RST.
  void Abort(End& end);
  // Zero turns it off.
  void SetKeepalive(End& end, absl::Duration idle);

  // --- Faults of reads and writes; without faults nothing is drawn. ---
  // How much of a write of size bytes is to be sent at once.
  size_t OfferedSize(End& end, size_t size) {
    return may_fault() ? RollPartialWrite(end, size) : size;
  }
  // To be called when an operation of a stream begins.
  bool may_fault() const {
    return fabric_ != nullptr && fabric_->faulty_streams;
  }
  enum class Roll {
    kNothing,
    kFails,     // the operation gives ResetError
    kSwallows,  // a write whose bytes vanish unnoticed
  };
  Roll RollRandomClose(End& end, bool is_write);
  absl::Status ResetError(const End& end) const;
  absl::Status RefusedError() const;

  // The Stream on this end is gone. May delete the connection.
  void Release(End& end);
  // A listener drops a connection that nobody accepted. May delete.
  void Refuse(End& end);

  // The process of this end is gone. Schedules the peer's RST, unless the
  // whole machine lost its power.
  void Crash(End& end, bool power_loss);
  bool Crosses(const Link& link) const {
    return client_.link == &link || server_.link == &link;
  }
  // Something on the way answers both ends with a RST. May delete.
  void ResetByNetwork();
  // The link of this end's outgoing pipe is open again.
  void Heal(End& end);
  void DeleteIfUnobserved();
  // The network goes; whoever still holds an end holds an empty shell.
  // May delete.
  void Orphan();

  // Events.
  void Arrive(Segment& segment);
  void OnAlarm(End& end);
  void OnKeepalive(End& end);

 private:
  ~Connection();

  void ArriveControl(End& receiver, SegmentKind kind);
  void ArriveSyn(End& server);
  void ArriveSynAck(End& client);
  void ArriveAck(End& server);
  void ArriveData(End& receiver, Segment& segment);
  void ArriveReset(End& receiver);
  // Something arrives at an end that knows nothing of this connection.
  void AnswerWithReset(End& receiver);

  void SendControl(End& end, SegmentKind kind);
  void Transmit(End& end, Segment* segment);
  void ScheduleArrival(End& end, Segment* segment);
  void Hold(End& end);
  void Pump(End& end);
  // The reader of what sender sent has taken count bytes: opens the window.
  void Credit(End& sender, size_t count);

  void RetransmitSyn(End& client);
  void RollClog(End& end);
  size_t RollPartialWrite(End& end, size_t size);
  size_t RollPartialRead(End& end, size_t size);
  void RollBitFlips(Segment& segment);
  // Nothing more is sent, not even a FIN.
  void BreakSending(End& end);
  void BreakReceiving(End& end, bool drop_received);
  // The peer does not answer. May delete.
  void TimeOut(End& end);
  // Breaks this end and tells the peer.
  void Reset(End& end, absl::Status error);
  void Break(End& end, absl::Status error);
  // Who listens where the client has connected to; null if nobody does.
  ListenQueue* FindListener() const;
  // Gives back the handshake's place in the backlog, if it holds one.
  void ReleaseBacklog(End& server);
  // The handshake is over, unsuccessfully: leaves nothing under way.
  void Abandon();
  void StopAlarm(End& end);
  void StopKeepalive(End& end);
  void DropUnsent(End& end);
  void DropInFlight(End& end);
  void DropAll(End& end);

  Fabric* fabric_;  // null for an orphan
  const uint64_t id_;
  uint64_t listener_id_ = 0;
  int64_t opened_ns_ = 0;
  int syn_attempts_ = 0;
  ConnectFate fate_ = ConnectFate::kNormal;
  End client_;
  End server_;
};

}  // namespace moonpool::network_internal

#endif  // MOONPOOL_SIM_NETWORK_CONNECTION_H_
