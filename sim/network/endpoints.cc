// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "sim/network/endpoints.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "providers/base/check.h"
#include "providers/base/status_macros.h"
#include "sim/network/address.h"

namespace moonpool::network_internal {
namespace {

absl::Status DetachedError() {
  return absl::CancelledError("this incarnation of the machine is gone");
}

}  // namespace

// --- SimStream --------------------------------------------------------------

Task<absl::Status> SimStream::Open() {
  end_->connection->Open();
  while (end_->state == EndState::kConnecting) co_await end_->writers.Wait();
  co_return end_->connection->CanWrite(*end_);
}

Task<absl::StatusOr<size_t>> SimStream::Read(absl::Span<char> buffer) {
  if (buffer.empty()) co_return size_t{0};
  while (!end_->connection->CanRead(*end_)) co_await end_->readers.Wait();
  co_return end_->connection->Receive(*end_, buffer);
}

Task<absl::Status> SimStream::Write(absl::string_view bytes) {
  for (;;) {
    CO_RETURN_IF_ERROR(end_->connection->CanWrite(*end_));
    bytes.remove_prefix(end_->connection->Send(*end_, bytes));
    if (bytes.empty()) co_return absl::OkStatus();
    co_await end_->writers.Wait();
  }
}

void SimStream::CloseWrite() { end_->connection->CloseWrite(*end_); }

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

Task<absl::StatusOr<std::unique_ptr<Listener>>> MachineNetwork::Bind(
    std::string address) {
  if (fabric_ == nullptr) co_return DetachedError();
  CO_ASSIGN_OR_RETURN(Address parsed, ParseAddress(address));
  if (parsed.ip != machine_->ip) {
    co_return absl::InvalidArgumentError(absl::StrCat(
        "cannot bind ", address, ": this machine is ", machine_->ip));
  }
  if (parsed.port == 0) parsed.port = machine_->PickEphemeralPort();
  if (parsed.port == 0 || machine_->IsPortInUse(parsed.port)) {
    co_return absl::AlreadyExistsError(
        absl::StrCat("address ", address, " is in use"));
  }
  co_return std::unique_ptr<Listener>(
      std::make_unique<SimListener>(fabric_, machine_, parsed.port));
}

Task<absl::StatusOr<std::unique_ptr<Stream>>> MachineNetwork::Connect(
    std::string address) {
  if (fabric_ == nullptr) co_return DetachedError();
  CO_ASSIGN_OR_RETURN(const Address parsed, ParseAddress(address));
  if (parsed.port == 0) {
    co_return absl::InvalidArgumentError("cannot connect to port 0");
  }
  const uint16_t port = machine_->PickEphemeralPort();
  if (port == 0) {
    co_return absl::UnavailableError(
        absl::StrCat(machine_->ip, " has no free port"));
  }
  Machine& server = fabric_->GetMachine(parsed.ip);
  // Deletes itself when its last stream is gone.
  auto* connection =
      new Connection(fabric_, *machine_, port, server, parsed.port);
  connection->client().handle = true;
  auto stream = std::make_unique<SimStream>(&connection->client());
  CO_RETURN_IF_ERROR(co_await stream->Open());
  co_return std::unique_ptr<Stream>(std::move(stream));
}

// --- CrashMachine -----------------------------------------------------------

void CrashMachine(Machine& machine) {
  while (machine.first_provider != nullptr) machine.first_provider->Detach();
  while (!machine.listeners.empty()) {
    ListenQueue& queue = *machine.listeners.begin()->second;
    machine.listeners.erase(machine.listeners.begin());
    queue.machine = nullptr;
    for (End* end : queue.established) end->handle = false;
    queue.established.clear();
    queue.acceptors.WakeAll();
  }
  // Both ends of a connection may be here, and crashing may delete it: each
  // goes into the list once, and is deleted last.
  std::vector<Connection*> connections;
  for (End* end = machine.first_end; end != nullptr; end = end->next) {
    Connection* connection = end->connection;
    connection->Crash(*end);
    if (end == &connection->client() ||
        connection->client().machine != &machine) {
      connections.push_back(connection);
    }
  }
  for (Connection* connection : connections) connection->DeleteIfUnobserved();
}

}  // namespace moonpool::network_internal
