// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "sim/network/endpoints.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "providers/base/check.h"
#include "providers/base/status_macros.h"
#include "sim/network/address.h"
#include "sim/network/datagram.h"

namespace moonpool::network_internal {
namespace {

absl::Status DetachedError() {
  return absl::CancelledError("this incarnation of the machine is gone");
}

ConnectFate RollConnectFate(Link& link) {
  const Fabric& fabric = *link.fabric;
  const NetworkFaults& faults = fabric.faults;
  if (faults.connect_failure_mode == ConnectFailureMode::kNone ||
      faults.connect_failure_chance.num == 0 ||
      !link.fault_random.Chance(faults.connect_failure_chance)) {
    return ConnectFate::kNormal;
  }
  const bool refused =
      faults.connect_failure_mode == ConnectFailureMode::kAlwaysFail ||
      link.fault_random.Chance(Ratio{1, 2});
  fabric.world->Fault(FaultFamily::kConnectFailure, link.from.ip,
                      refused ? "refused by " : "not answered by ", link.to.ip);
  return refused ? ConnectFate::kRefused : ConnectFate::kNeverAnswered;
}

}  // namespace

// --- SimStream --------------------------------------------------------------

Task<absl::Status> SimStream::Open(ConnectFate fate) {
  end_->connection->Open(fate);
  while (end_->state == EndState::kConnecting) co_await end_->writers.Wait();
  co_return end_->connection->CanWrite(*end_);
}

Task<absl::StatusOr<size_t>> SimStream::Read(absl::Span<char> buffer) {
  if (buffer.empty()) co_return size_t{0};
  Connection& connection = *end_->connection;
  if (connection.may_fault() &&
      connection.RollRandomClose(*end_, /*is_write=*/false) ==
          Connection::Roll::kFails) {
    co_return connection.ResetError(*end_);
  }
  while (!connection.CanRead(*end_)) co_await end_->readers.Wait();
  co_return connection.Receive(*end_, buffer);
}

Task<absl::StatusOr<size_t>> SimStream::WriteSome(absl::string_view bytes) {
  Connection& connection = *end_->connection;
  CO_RETURN_IF_ERROR(connection.CanWrite(*end_));
  if (connection.may_fault()) {
    const Connection::Roll roll =
        connection.RollRandomClose(*end_, /*is_write=*/true);
    if (roll == Connection::Roll::kFails) {
      co_return connection.ResetError(*end_);
    }
    if (roll == Connection::Roll::kSwallows) co_return bytes.size();
  }
  while (!bytes.empty()) {
    const size_t offered = connection.OfferedSize(*end_, bytes.size());
    const size_t sent = connection.Send(*end_, bytes.substr(0, offered));
    if (sent > 0) co_return sent;
    co_await end_->writers.Wait();
    CO_RETURN_IF_ERROR(connection.CanWrite(*end_));
  }
  co_return size_t{0};
}

Task<absl::Status> SimStream::Write(absl::string_view bytes) {
  Connection& connection = *end_->connection;
  CO_RETURN_IF_ERROR(connection.CanWrite(*end_));
  if (connection.may_fault()) {
    const Connection::Roll roll =
        connection.RollRandomClose(*end_, /*is_write=*/true);
    if (roll == Connection::Roll::kFails) {
      co_return connection.ResetError(*end_);
    }
    if (roll == Connection::Roll::kSwallows) co_return absl::OkStatus();
  }
  for (;;) {
    const size_t offered = connection.OfferedSize(*end_, bytes.size());
    const size_t sent = connection.Send(*end_, bytes.substr(0, offered));
    bytes.remove_prefix(sent);
    if (bytes.empty()) co_return absl::OkStatus();
    if (sent < offered) {
      co_await end_->writers.Wait();
      CO_RETURN_IF_ERROR(connection.CanWrite(*end_));
    }
  }
}

void SimStream::CloseWrite() { end_->connection->CloseWrite(*end_); }

void SimStream::Abort() { end_->connection->Abort(*end_); }

void SimStream::SetKeepalive(absl::Duration idle) {
  end_->connection->SetKeepalive(*end_, idle);
}

// --- SimListener ------------------------------------------------------------

SimListener::SimListener(Fabric* fabric, Machine* machine, uint16_t port)
    : world_(fabric->world), address_(FormatAddress(machine->ip, port)) {
  queue_.id = fabric->next_listener_id++;
  queue_.machine = machine;
  queue_.port = port;
  CHECK(machine->listeners.emplace(port, &queue_).second);
}

SimListener::~SimListener() {
  if (queue_.machine == nullptr) return;
  queue_.machine->listeners.erase(queue_.port);
  while (!queue_.established.empty()) {
    End* end = queue_.established.front();
    queue_.established.pop_front();
    if (world_->in_teardown()) {
      end->connection->Release(*end);
    } else {
      end->connection->Refuse(*end);
    }
  }
}

Task<absl::StatusOr<Accepted>> SimListener::Accept() {
  while (queue_.machine != nullptr && queue_.established.empty()) {
    co_await queue_.acceptors.Wait();
  }
  if (queue_.machine == nullptr) co_return DetachedError();
  End* end = queue_.established.front();
  queue_.established.pop_front();
  Accepted accepted;
  accepted.stream = std::make_unique<SimStream>(end);
  accepted.peer = accepted.stream->peer_address();
  co_return std::move(accepted);
}

// --- MachineNetwork ---------------------------------------------------------

MachineNetwork::MachineNetwork(Fabric* fabric, Machine* machine)
    : fabric_(fabric), machine_(machine), next_(machine->first_provider) {
  if (next_ != nullptr) next_->previous_ = this;
  machine_->first_provider = this;
}

void MachineNetwork::Detach() {
  if (fabric_ == nullptr) return;
  fabric_ = nullptr;
  (previous_ != nullptr ? previous_->next_ : machine_->first_provider) = next_;
  if (next_ != nullptr) next_->previous_ = previous_;
}

absl::StatusOr<uint16_t> MachineNetwork::PortToBind(
    const std::string& address) const {
  if (fabric_ == nullptr) return DetachedError();
  absl::StatusOr<Address> parsed = fabric_->ResolveAddress(address);
  if (!parsed.ok()) return parsed.status();
  if (parsed->host != machine_->ip) {
    return absl::InvalidArgumentError(absl::StrCat(
        "cannot bind ", address, ": this machine is ", machine_->ip));
  }
  return parsed->port;
}

Task<absl::StatusOr<std::unique_ptr<Listener>>> MachineNetwork::Bind(
    std::string address) {
  CO_ASSIGN_OR_RETURN(uint16_t port, PortToBind(address));
  if (port == 0) port = machine_->PickEphemeralPort();
  if (port == 0 || machine_->IsPortInUse(port)) {
    co_return absl::AlreadyExistsError(
        absl::StrCat("address ", address, " is in use"));
  }
  co_return std::unique_ptr<Listener>(
      std::make_unique<SimListener>(fabric_, machine_, port));
}

Task<absl::StatusOr<std::unique_ptr<DatagramSocket>>>
MachineNetwork::BindDatagram(std::string address) {
  CO_ASSIGN_OR_RETURN(uint16_t port, PortToBind(address));
  if (port == 0) port = machine_->PickDatagramPort();
  if (port == 0 || machine_->datagram_ports.contains(port)) {
    co_return absl::AlreadyExistsError(
        absl::StrCat("datagram address ", address, " is in use"));
  }
  co_return std::unique_ptr<DatagramSocket>(
      std::make_unique<SimDatagramSocket>(fabric_, machine_, port));
}

Task<absl::StatusOr<std::string>> MachineNetwork::Resolve(std::string name) {
  if (fabric_ == nullptr) co_return DetachedError();
  co_return fabric_->ResolveHost(name);
}

Task<absl::StatusOr<std::unique_ptr<Stream>>> MachineNetwork::Connect(
    std::string address) {
  if (fabric_ == nullptr) co_return DetachedError();
  CO_ASSIGN_OR_RETURN(const Address parsed, fabric_->ResolveAddress(address));
  if (parsed.port == 0) {
    co_return absl::InvalidArgumentError("cannot connect to port 0");
  }
  const uint16_t port = machine_->PickEphemeralPort();
  if (port == 0) {
    co_return absl::UnavailableError(
        absl::StrCat(machine_->ip, " has no free port"));
  }
  Machine& server = fabric_->GetMachine(parsed.host);
  // Deletes itself when its last stream is gone.
  auto* connection =
      new Connection(fabric_, *machine_, port, server, parsed.port);
  connection->client().handle = true;
  auto stream = std::make_unique<SimStream>(&connection->client());
  const ConnectFate fate = RollConnectFate(*connection->client().link);
  CO_RETURN_IF_ERROR(co_await stream->Open(fate));
  co_return std::unique_ptr<Stream>(std::move(stream));
}

// --- CrashMachine -----------------------------------------------------------

void CrashMachine(Machine& machine, bool power_loss) {
  while (machine.first_provider != nullptr) machine.first_provider->Detach();
  while (!machine.listeners.empty()) {
    ListenQueue& queue = *machine.listeners.begin()->second;
    machine.listeners.erase(machine.listeners.begin());
    queue.machine = nullptr;
    for (End* end : queue.established) end->handle = false;
    queue.established.clear();
    queue.acceptors.WakeAll();
  }
  while (!machine.datagram_ports.empty()) {
    DatagramQueue& queue = *machine.datagram_ports.begin()->second;
    machine.datagram_ports.erase(machine.datagram_ports.begin());
    queue.machine = nullptr;
    queue.waiting.clear();
    queue.readers.WakeAll();
  }
  // Both ends of a connection may be here, and crashing may delete it: each
  // goes into the list once, and is deleted last.
  std::vector<Connection*> connections;
  for (End* end = machine.first_end; end != nullptr; end = end->next) {
    Connection* connection = end->connection;
    connection->Crash(*end, power_loss);
    if (end == &connection->client() ||
        connection->client().machine != &machine) {
      connections.push_back(connection);
    }
  }
  for (Connection* connection : connections) connection->DeleteIfUnobserved();
}

}  // namespace moonpool::network_internal
