// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// The providers' classes over a Connection: Stream, Listener, Network. They
// hold no state of the protocol. After a crash of their machine, or after the
// end of the network, they are inert: operations give Cancelled, destructors
// schedule and draw nothing.
#ifndef MOONPOOL_SIM_NETWORK_ENDPOINTS_H_
#define MOONPOOL_SIM_NETWORK_ENDPOINTS_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "providers/coro/task.h"
#include "providers/network.h"
#include "sim/network/connection.h"
#include "sim/network/fabric.h"

namespace moonpool::network_internal {

class SimStream final : public Stream {
 public:
  // Takes the end over. REQUIRES: end->handle.
  explicit SimStream(End* end) : end_(end) {}
  SimStream(const SimStream&) = delete;
  ~SimStream() override { end_->connection->Release(*end_); }

  // Returns when the handshake is over.
  Task<absl::Status> Open(ConnectFate fate);

  Task<absl::StatusOr<size_t>> Read(absl::Span<char> buffer) override;
  Task<absl::StatusOr<size_t>> WriteSome(absl::string_view bytes) override;
  Task<absl::Status> Write(absl::string_view bytes) override;
  void CloseWrite() override;
  void Abort() override;
  void SetKeepalive(absl::Duration idle) override;
  const std::string& local_address() const override { return end_->address; }
  const std::string& peer_address() const override {
    return end_->connection->peer(*end_).address;
  }

 private:
  End* end_;
};

class SimListener final : public Listener {
 public:
  // REQUIRES: the port is free.
  SimListener(Fabric* fabric, Machine* machine, uint16_t port);
  SimListener(const SimListener&) = delete;
  ~SimListener() override;

  Task<absl::StatusOr<Accepted>> Accept() override;
  const std::string& local_address() const override { return address_; }

 private:
  World* world_;
  std::string address_;
  ListenQueue queue_;
};

class MachineNetwork final : public Network {
 public:
  MachineNetwork(Fabric* fabric, Machine* machine);
  MachineNetwork(const MachineNetwork&) = delete;
  ~MachineNetwork() override { Detach(); }

  Task<absl::StatusOr<std::unique_ptr<Listener>>> Bind(
      std::string address) override;
  Task<absl::StatusOr<std::unique_ptr<Stream>>> Connect(
      std::string address) override;

  Task<absl::StatusOr<std::unique_ptr<DatagramSocket>>> BindDatagram(
      std::string address) override;
  Task<absl::StatusOr<std::string>> Resolve(std::string name) override;

  // From here on every operation gives Cancelled.
  void Detach();

 private:
  // The port of an address to bind, which must be of this machine; 0 if the
  // machine is to choose.
  absl::StatusOr<uint16_t> PortToBind(const std::string& address) const;

  Fabric* fabric_;  // null once detached
  Machine* machine_;
  MachineNetwork* previous_ = nullptr;
  MachineNetwork* next_ = nullptr;
};

// The process on the machine is gone: see SimNetwork::CrashMachine.
void CrashMachine(Machine& machine, bool power_loss);

}  // namespace moonpool::network_internal

#endif  // MOONPOOL_SIM_NETWORK_ENDPOINTS_H_
