// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// CraftIo: C-Raft's raft_io on our providers: one TCP stream to each peer, one
// disk task, one clock, no threads. The library itself is a state machine
// driven by callbacks; it is linked as Debian packages it.
//
//   CraftIo io({.providers = &ctx, .id = 1, .addresses = ips, ...});
//   CO_RETURN_IF_ERROR(co_await io.Open());
//   raft_init(&raft, io.get(), &fsm, 1, ips[0].c_str());
//   raft_start(&raft);                 // spawns the tasks
//
// Servers are numbered from 1; server i listens at addresses[i - 1]. A stream
// carries messages one way: first who sends, then frames. A newer stream from
// the same peer silences the older one, so messages of a peer never overtake
// each other. A message is lost, and its callback told RAFT_NOCONNECTION, if
// no stream can be had or it breaks.
//
// raft_io wants term and vote durable when set_term and set_vote return, which
// no asynchronous disk can do; libuv's version blocks. Assumption: the machine
// has a battery-backed register for the two, CraftRegister, that survives
// power cuts. The log and the snapshot go through Storage.
//
// Lifetime: all that is pointed at must outlive the tasks of the providers.
#ifndef MOONPOOL_EXPLORER_CAMPAIGNS_CRAFT_IO_H_
#define MOONPOOL_EXPLORER_CAMPAIGNS_CRAFT_IO_H_

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "explorer/campaigns/craft_heap.h"
#include "explorer/campaigns/craft_log.h"
#include "explorer/campaigns/craft_message.h"
#include "providers/coro/task.h"
#include "providers/coro/wait_list.h"
#include "providers/providers.h"

namespace moonpool::craft {

struct CraftRegister {
  raft_term term = 0;
  raft_id vote = 0;
};

class CraftIo {
 public:
  struct Options {
    Providers* providers;
    CraftHeap* heap;
    CraftRegister* metadata;
    raft_id id;
    std::vector<std::string> addresses;
  };
  explicit CraftIo(Options options);
  CraftIo(const CraftIo&) = delete;

  // Loads the log; gives an empty one the configuration of all addresses, as
  // raft_bootstrap would. Call it once, before raft_init.
  Task<absl::Status> Open();
  raft_io* get() { return &io_; }
  // The library has given up: no callback reaches it any more.
  void Halt() { halted_ = true; }
  bool is_halted() const { return halted_; }

  const CraftLog& log() const { return log_; }
  // Goes up whenever the log changes.
  uint64_t log_changes() const { return log_changes_; }

 private:
  struct Operation {
    enum Kind { kAppend, kTruncate, kPutSnapshot, kGetSnapshot };
    explicit Operation(Kind kind) : kind(kind) {}
    Kind kind;
    std::vector<Entry> entries;
    raft_index index = 0;
    Snapshot snapshot;
    unsigned trailing = 0;
    raft_io_append* append = nullptr;
    raft_io_snapshot_put* put = nullptr;
    raft_io_snapshot_get* get = nullptr;
  };
  struct Outgoing {
    raft_io_send* request;
    std::string frame;
  };
  struct Peer {
    std::deque<Outgoing> outbox;
    WaitList not_empty;
    // Streams it has opened so far; only the newest counts.
    uint64_t streams = 0;
  };
  struct Methods;  // what raft_io points to

  void StartTasks(unsigned tick_ms);
  void Enqueue(Operation operation);
  int Send(raft_io_send* request, const raft_message& message);

  // Tasks.
  static Task<void> RunTicker(CraftIo* self, absl::Duration interval);
  static Task<absl::Status> RunAcceptor(CraftIo* self);
  static Task<absl::Status> RunReader(CraftIo* self,
                                      std::unique_ptr<Stream> stream);
  static Task<void> RunSender(CraftIo* self, size_t peer);
  static Task<void> RunDisk(CraftIo* self);

  Task<absl::Status> Execute(Operation* operation);
  void Finish(const Operation& operation, const absl::Status& status);
  void FinishSends(const std::vector<raft_io_send*>& requests, int status);
  // Hands the complete frames at the beginning of received to the library and
  // removes them. False if the peer does not speak our protocol.
  bool Deliver(size_t peer, std::string* received);

  const Options options_;
  raft_io io_;
  CraftLog log_;
  raft_io_tick_cb tick_ = nullptr;
  raft_io_recv_cb recv_ = nullptr;
  bool halted_ = false;
  uint64_t log_changes_ = 0;
  std::deque<Operation> operations_;
  WaitList operation_ready_;
  std::vector<std::unique_ptr<Peer>> peers_;
};

}  // namespace moonpool::craft

#endif  // MOONPOOL_EXPLORER_CAMPAIGNS_CRAFT_IO_H_
