// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "explorer/campaigns/craft_io.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "providers/base/check.h"
#include "providers/base/status_macros.h"

namespace moonpool::craft {
namespace {

// What libuv's version keeps for a peer while it has no connection.
constexpr size_t kMaxPendingSends = 3;
constexpr size_t kHelloBytes = 8;
constexpr size_t kReadBytes = 1024;

raft_snapshot* MakeSnapshot(const Snapshot& from) {
  auto* snapshot =
      static_cast<raft_snapshot*>(raft_calloc(1, sizeof(raft_snapshot)));
  snapshot->index = from.index;
  snapshot->term = from.term;
  snapshot->configuration_index = from.configuration_index;
  MakeConfiguration(from.servers, &snapshot->configuration);
  snapshot->n_bufs = 1;
  snapshot->bufs = static_cast<raft_buffer*>(raft_malloc(sizeof(raft_buffer)));
  snapshot->bufs[0] = MakeBuffer(from.data);
  return snapshot;
}

Snapshot TakeSnapshot(const raft_snapshot& from) {
  Snapshot snapshot;
  snapshot.index = from.index;
  snapshot.term = from.term;
  snapshot.configuration_index = from.configuration_index;
  for (unsigned i = 0; i < from.configuration.n; ++i) {
    const raft_server& server = from.configuration.servers[i];
    snapshot.servers.push_back(Server{server.id, server.role, server.address});
  }
  for (unsigned i = 0; i < from.n_bufs; ++i) {
    absl::StrAppend(&snapshot.data, View(from.bufs[i]));
  }
  return snapshot;
}

std::vector<Entry> TakeEntries(const raft_entry* entries, unsigned count) {
  std::vector<Entry> taken;
  taken.reserve(count);
  for (unsigned i = 0; i < count; ++i) {
    Entry entry;
    entry.term = entries[i].term;
    entry.type = entries[i].type;
    entry.data = std::string(View(entries[i].buf));
    taken.push_back(std::move(entry));
  }
  return taken;
}

}  // namespace

// The library calls these inside a heap scope: it only runs when we call it.
struct CraftIo::Methods {
  static CraftIo& Self(raft_io* io) { return *static_cast<CraftIo*>(io->impl); }

  static int Init(raft_io*, raft_id, const char*) { return 0; }
  static void Close(raft_io*, raft_io_close_cb) {
    CHECK(false) << "a power cut ends a server, never raft_close";
  }
  static int Load(raft_io* io, raft_term* term, raft_id* voted_for,
                  raft_snapshot** snapshot, raft_index* start_index,
                  raft_entry** entries, size_t* count) {
    const CraftIo& self = Self(io);
    *term = self.options_.metadata->term;
    *voted_for = self.options_.metadata->vote;
    *snapshot =
        self.log_.snapshot() ? MakeSnapshot(*self.log_.snapshot()) : nullptr;
    *start_index = self.log_.first_index();
    *entries = MakeEntries(self.log_.entries());
    *count = self.log_.entries().size();
    return 0;
  }
  static int Start(raft_io* io, unsigned tick_ms, raft_io_tick_cb tick,
                   raft_io_recv_cb recv) {
    Self(io).tick_ = tick;
    Self(io).recv_ = recv;
    Self(io).StartTasks(tick_ms);
    return 0;
  }
  // Open does it: it has to wait for the disk.
  static int Bootstrap(raft_io*, const raft_configuration*) {
    return RAFT_CANTBOOTSTRAP;
  }
  static int Recover(raft_io*, const raft_configuration*) { return RAFT_IOERR; }
  static int SetTerm(raft_io* io, raft_term term) {
    *Self(io).options_.metadata = CraftRegister{.term = term, .vote = 0};
    return 0;
  }
  static int SetVote(raft_io* io, raft_id vote) {
    Self(io).options_.metadata->vote = vote;
    return 0;
  }
  static int Send(raft_io* io, raft_io_send* request,
                  const raft_message* message, raft_io_send_cb callback) {
    request->cb = callback;
    return Self(io).Send(request, *message);
  }
  static int Append(raft_io* io, raft_io_append* request,
                    const raft_entry* entries, unsigned count,
                    raft_io_append_cb callback) {
    request->cb = callback;
    Operation operation(Operation::kAppend);
    operation.append = request;
    operation.entries = TakeEntries(entries, count);
    Self(io).Enqueue(std::move(operation));
    return 0;
  }
  static int Truncate(raft_io* io, raft_index index) {
    Operation operation(Operation::kTruncate);
    operation.index = index;
    Self(io).Enqueue(std::move(operation));
    return 0;
  }
  static int PutSnapshot(raft_io* io, unsigned trailing,
                         raft_io_snapshot_put* request,
                         const raft_snapshot* snapshot,
                         raft_io_snapshot_put_cb callback) {
    request->cb = callback;
    Operation operation(Operation::kPutSnapshot);
    operation.put = request;
    operation.trailing = trailing;
    operation.snapshot = TakeSnapshot(*snapshot);
    Self(io).Enqueue(std::move(operation));
    return 0;
  }
  static int GetSnapshot(raft_io* io, raft_io_snapshot_get* request,
                         raft_io_snapshot_get_cb callback) {
    request->cb = callback;
    Operation operation(Operation::kGetSnapshot);
    operation.get = request;
    Self(io).Enqueue(std::move(operation));
    return 0;
  }
  static raft_time Time(raft_io* io) {
    return static_cast<raft_time>(
        absl::ToInt64Milliseconds(Self(io).options_.providers->time().Now()));
  }
  // In [low, high).
  static int Random(raft_io* io, int low, int high) {
    return static_cast<int>(Self(io).options_.providers->random().Range(
        int64_t{low}, int64_t{high} - 1));
  }
  // Only asynchronous snapshots of the application ask for it.
  static int AsyncWork(raft_io*, raft_io_async_work*, raft_io_async_work_cb) {
    return RAFT_INVALID;
  }
};

CraftIo::CraftIo(Options options)
    : options_(std::move(options)),
      io_(),
      log_(&options_.providers->storage()) {
  CHECK_GE(options_.id, raft_id{1});
  CHECK_LE(options_.id, options_.addresses.size());
  for (size_t i = 0; i < options_.addresses.size(); ++i) {
    peers_.push_back(std::make_unique<Peer>());
  }
  io_.version = 2;
  io_.impl = this;
  io_.init = Methods::Init;
  io_.close = Methods::Close;
  io_.load = Methods::Load;
  io_.start = Methods::Start;
  io_.bootstrap = Methods::Bootstrap;
  io_.recover = Methods::Recover;
  io_.set_term = Methods::SetTerm;
  io_.set_vote = Methods::SetVote;
  io_.send = Methods::Send;
  io_.append = Methods::Append;
  io_.truncate = Methods::Truncate;
  io_.snapshot_put = Methods::PutSnapshot;
  io_.snapshot_get = Methods::GetSnapshot;
  io_.time = Methods::Time;
  io_.random = Methods::Random;
  io_.async_work = Methods::AsyncWork;
}

Task<absl::Status> CraftIo::Open() {
  CO_RETURN_IF_ERROR(co_await log_.Open());
  if (log_.snapshot().has_value() || !log_.entries().empty()) {
    co_return absl::OkStatus();
  }
  Entry first;
  first.term = 1;
  first.type = RAFT_CHANGE;
  {
    CraftHeap::Scope scope(options_.heap);
    std::vector<Server> servers;
    for (size_t i = 0; i < options_.addresses.size(); ++i) {
      servers.push_back(Server{i + 1, RAFT_VOTER, options_.addresses[i]});
    }
    raft_configuration configuration;
    raft_buffer encoded;
    MakeConfiguration(servers, &configuration);
    CHECK_EQ(raft_configuration_encode(&configuration, &encoded), 0);
    first.data = std::string(View(encoded));
    raft_free(encoded.base);
    raft_configuration_close(&configuration);
  }
  std::vector<Entry> entries;
  entries.push_back(std::move(first));
  CO_RETURN_IF_ERROR(co_await log_.Append(std::move(entries)));
  // A machine that lost its log but not its register keeps its promises.
  options_.metadata->term = std::max<raft_term>(options_.metadata->term, 1);
  co_return absl::OkStatus();
}

void CraftIo::StartTasks(unsigned tick_ms) {
  Tasks& tasks = options_.providers->tasks();
  tasks.Spawn(&CraftIo::RunTicker, this, absl::Milliseconds(tick_ms));
  tasks.Spawn(&CraftIo::RunAcceptor, this);
  tasks.Spawn(&CraftIo::RunDisk, this);
  for (size_t i = 0; i < peers_.size(); ++i) {
    if (i + 1 != options_.id) tasks.Spawn(&CraftIo::RunSender, this, i);
  }
}

void CraftIo::Enqueue(Operation operation) {
  operations_.push_back(std::move(operation));
  operation_ready_.WakeAll();
}

int CraftIo::Send(raft_io_send* request, const raft_message& message) {
  // The library answers server 0 if it forgot its leader during the write.
  if (message.server_id == 0 || message.server_id > peers_.size()) {
    return RAFT_NOCONNECTION;
  }
  Peer& peer = *peers_[message.server_id - 1];
  Outgoing outgoing{request, std::string()};
  AppendFrame(message, &outgoing.frame);
  peer.outbox.push_back(std::move(outgoing));
  peer.not_empty.WakeAll();
  return 0;
}

Task<void> CraftIo::RunTicker(CraftIo* self, absl::Duration interval) {
  for (;;) {
    co_await self->options_.providers->time().Sleep(interval);
    if (self->halted_) co_return;
    CraftHeap::Scope scope(self->options_.heap);
    self->tick_(&self->io_);
  }
}

Task<absl::Status> CraftIo::RunAcceptor(CraftIo* self) {
  Providers& providers = *self->options_.providers;
  CO_ASSIGN_OR_RETURN(const std::unique_ptr<Listener> listener,
                      co_await providers.network().Bind(
                          self->options_.addresses[self->options_.id - 1]));
  for (;;) {
    CO_ASSIGN_OR_RETURN(Accepted accepted, co_await listener->Accept());
    providers.tasks().Spawn(&CraftIo::RunReader, self,
                            std::move(accepted.stream));
  }
}

Task<absl::Status> CraftIo::RunReader(CraftIo* self,
                                      std::unique_ptr<Stream> stream) {
  char hello[kHelloBytes];
  CO_RETURN_IF_ERROR(co_await stream->ReadFull(absl::MakeSpan(hello)));
  const raft_id id = ByteReader(absl::string_view(hello, kHelloBytes)).U64();
  if (id == 0 || id > self->peers_.size()) {
    co_return absl::InvalidArgumentError("a stranger");
  }
  Peer& peer = *self->peers_[id - 1];
  const uint64_t number = ++peer.streams;
  std::string received;
  char bytes[kReadBytes];
  for (;;) {
    CO_ASSIGN_OR_RETURN(const size_t count,
                        co_await stream->Read(absl::MakeSpan(bytes)));
    if (count == 0 || number != peer.streams) co_return absl::OkStatus();
    received.append(bytes, count);
    if (!self->Deliver(id - 1, &received)) {
      co_return absl::InvalidArgumentError("not our protocol");
    }
  }
}

bool CraftIo::Deliver(size_t peer, std::string* received) {
  CraftHeap::Scope scope(options_.heap);
  absl::string_view rest = *received;
  while (rest.size() >= kFrameHeaderBytes) {
    const uint32_t size = ByteReader(rest).U32();
    if (size > kMaxFrameBytes) return false;
    if (rest.size() - kFrameHeaderBytes < size) break;
    raft_message message;
    if (!DecodeMessage(rest.substr(kFrameHeaderBytes, size), &message).ok()) {
      return false;
    }
    rest.remove_prefix(kFrameHeaderBytes + size);
    message.server_id = peer + 1;
    message.server_address = options_.addresses[peer].c_str();
    if (halted_) {
      FreeMessage(&message);
    } else {
      recv_(&io_, &message);
    }
  }
  received->erase(0, received->size() - rest.size());
  return true;
}

Task<void> CraftIo::RunSender(CraftIo* self, size_t index) {
  Peer& peer = *self->peers_[index];
  Network& network = self->options_.providers->network();
  std::unique_ptr<Stream> stream;
  for (;;) {
    while (peer.outbox.empty()) co_await peer.not_empty.Wait();
    std::string bytes;
    std::vector<raft_io_send*> dropped;
    if (stream == nullptr) {
      // Gives up after the network's connect_timeout.
      auto connected =
          co_await network.Connect(self->options_.addresses[index]);
      while (peer.outbox.size() > (connected.ok() ? kMaxPendingSends : 0)) {
        dropped.push_back(peer.outbox.front().request);
        peer.outbox.pop_front();
      }
      if (connected.ok()) {
        stream = *std::move(connected);
        ByteWriter(&bytes).U64(self->options_.id);
      }
    }
    std::vector<raft_io_send*> sent;
    for (Outgoing& outgoing : peer.outbox) {
      if (bytes.empty()) {
        bytes = std::move(outgoing.frame);
      } else {
        bytes.append(outgoing.frame);
      }
      sent.push_back(outgoing.request);
    }
    peer.outbox.clear();
    absl::Status status;
    if (stream != nullptr) status = co_await stream->Write(bytes);
    if (!status.ok()) stream = nullptr;
    self->FinishSends(dropped, RAFT_NOCONNECTION);
    self->FinishSends(sent, status.ok() ? 0 : RAFT_NOCONNECTION);
  }
}

void CraftIo::FinishSends(const std::vector<raft_io_send*>& requests,
                          int status) {
  CraftHeap::Scope scope(options_.heap);
  for (raft_io_send* request : requests) {
    if (!halted_) request->cb(request, status);
  }
}

Task<void> CraftIo::RunDisk(CraftIo* self) {
  for (;;) {
    while (self->operations_.empty()) {
      co_await self->operation_ready_.Wait();
    }
    Operation operation = std::move(self->operations_.front());
    self->operations_.pop_front();
    const absl::Status status = co_await self->Execute(&operation);
    self->Finish(operation, status);
  }
}

Task<absl::Status> CraftIo::Execute(Operation* operation) {
  switch (operation->kind) {
    case Operation::kAppend:
      co_return co_await log_.Append(std::move(operation->entries));
    case Operation::kTruncate:
      co_return co_await log_.Truncate(operation->index);
    case Operation::kPutSnapshot:
      co_return co_await log_.PutSnapshot(std::move(operation->snapshot),
                                          operation->trailing);
    case Operation::kGetSnapshot:  // it is in memory, but takes its turn
      co_return log_.snapshot().has_value()
          ? absl::OkStatus()
          : absl::NotFoundError("there is no snapshot");
  }
  co_return absl::OkStatus();
}

void CraftIo::Finish(const Operation& operation, const absl::Status& status) {
  ++log_changes_;
  if (halted_) return;
  CraftHeap::Scope scope(options_.heap);
  const int result = status.ok() ? 0 : RAFT_IOERR;
  if (operation.append != nullptr) {
    operation.append->cb(operation.append, result);
  } else if (operation.put != nullptr) {
    operation.put->cb(operation.put, result);
  } else if (operation.get != nullptr) {
    operation.get->cb(operation.get,
                      status.ok() ? MakeSnapshot(*log_.snapshot()) : nullptr,
                      result);
  }
}

}  // namespace moonpool::craft
