// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Network: TCP and datagrams between hosts. Addresses are text,
// "10.0.1.1:4500", "kv-2:4500" (a name that Resolve knows), or without port
// (then kDefaultPort).
//
//   CO_ASSIGN_OR_RETURN(auto listener, co_await network.Bind("10.0.1.1"));
//   CO_ASSIGN_OR_RETURN(Accepted peer, co_await listener->Accept());
//   CO_ASSIGN_OR_RETURN(auto stream, co_await network.Connect("10.0.1.1"));
//
// Errors: Unavailable (refused, reset, timed out by the network), AlreadyExists
// (address in use), InvalidArgument (malformed address), NotFound (unknown
// name), Cancelled (this process is being torn down).
#ifndef MOONPOOL_PROVIDERS_NETWORK_H_
#define MOONPOOL_PROVIDERS_NETWORK_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "providers/coro/task.h"

namespace moonpool {

inline constexpr uint16_t kDefaultPort = 4500;

// One end of a TCP connection. Destroying it closes it: bytes already written
// are still delivered, then the peer reads end-of-stream. At most one
// coroutine reads and one writes at a time.
class Stream {
 public:
  virtual ~Stream() = default;

  // Waits for at least one byte; returns how many were copied, 0 at
  // end-of-stream. Unavailable if the connection was reset.
  virtual Task<absl::StatusOr<size_t>> Read(absl::Span<char> buffer) = 0;
  // Waits for room in the send buffer; returns how many bytes, at least one
  // unless there are none to write, were put there.
  virtual Task<absl::StatusOr<size_t>> WriteSome(
      absl::string_view bytes) = 0;
  // Returns when all bytes are in the send buffer. On an error an unknown
  // prefix was sent. The bytes must live until then.
  virtual Task<absl::Status> Write(absl::string_view bytes) = 0;
  // Half-close: no more writes; the peer reads end-of-stream after the data.
  virtual void CloseWrite() = 0;
  // Breaks the connection: the peer reads a reset, unsent bytes are lost.
  virtual void Abort() = 0;
  // Probes a peer that has been silent for idle; the connection times out if
  // nothing of it arrives for another idle. Zero turns it off (the default).
  virtual void SetKeepalive(absl::Duration idle) = 0;

  // Reads exactly buffer.size() bytes; OutOfRange if the stream ends before.
  Task<absl::Status> ReadFull(absl::Span<char> buffer);

  virtual const std::string& local_address() const = 0;
  virtual const std::string& peer_address() const = 0;
};

struct Accepted {
  std::unique_ptr<Stream> stream;
  std::string peer;  // "ip:port"; the port is ephemeral, not connectable
};

// Destroying a listener frees its address; connections not yet accepted are
// reset.
class Listener {
 public:
  virtual ~Listener() = default;
  virtual Task<absl::StatusOr<Accepted>> Accept() = 0;
  virtual const std::string& local_address() const = 0;
};

struct Datagram {
  std::string from;  // "ip:port"
  std::string bytes;
};

// Unreliable messages: each may be lost, doubled, or overtaken.
class DatagramSocket {
 public:
  static constexpr size_t kMaxBytes = 65507;
  virtual ~DatagramSocket() = default;
  // Returns when the datagram has been handed to the network; nobody listening
  // is no error. InvalidArgument if it is longer than kMaxBytes.
  virtual Task<absl::Status> SendTo(std::string address,
                                    absl::string_view bytes) = 0;
  virtual Task<absl::StatusOr<Datagram>> Receive() = 0;
  virtual const std::string& local_address() const = 0;
};

class Network {
 public:
  virtual ~Network() = default;
  virtual Task<absl::StatusOr<std::unique_ptr<Listener>>> Bind(
      std::string address) = 0;
  // Returns after the handshake's round trip. Nobody listening: Unavailable
  // ("refused"), also after a round trip.
  virtual Task<absl::StatusOr<std::unique_ptr<Stream>>> Connect(
      std::string address) = 0;
  // Port 0 picks a free one.
  virtual Task<absl::StatusOr<std::unique_ptr<DatagramSocket>>> BindDatagram(
      std::string address) = 0;
  // The IP address of a host name; an IP address is its own.
  virtual Task<absl::StatusOr<std::string>> Resolve(std::string name) = 0;
};

}  // namespace moonpool

#endif  // MOONPOOL_PROVIDERS_NETWORK_H_
