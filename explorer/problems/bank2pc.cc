// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Transfers between the accounts of three banks by two-phase commit, with
// presumed commit: the coordinator logs that it begins a transfer, and forgets
// it once it is committed or once both banks have confirmed the abort. Asked
// about a transfer that it does not know, it answers "committed".
//
// bug=forget-abort: the abort is forgotten when it is decided, not when it is
// confirmed; a crash in between, and a bank in doubt commits what was aborted.
// bug=early-unlock: a bank frees the account when it has voted, not when the
// decision is durable; others spend money that is never booked.
// bug=blocked-forever: a bank that was in doubt when it crashed never asks.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "explorer/campaign.h"
#include "explorer/problems/journal.h"
#include "explorer/problems/post.h"
#include "explorer/problems/trouble.h"
#include "providers/base/status_macros.h"
#include "providers/coro/task.h"
#include "sim/assertions/assertions.h"
#include "sim/runner/builder.h"
#include "sim/runner/context.h"
#include "sim/runner/process.h"
#include "sim/runner/workload.h"

namespace moonpool::problems {
namespace {

enum class Bug { kNone, kForgetAbort, kEarlyUnlock, kBlockedForever };

constexpr int kBanks = 3;
constexpr int kClients = 2;
constexpr int kTransfers = 8;     // of each client
constexpr int64_t kOpening = 10;  // of each account
constexpr absl::Duration kTick = absl::Milliseconds(5);
constexpr absl::Duration kVotingTime = absl::Milliseconds(15);
constexpr absl::Duration kDoubt = absl::Milliseconds(20);
// Hundreds of times what a healthy system needs.
constexpr absl::Duration kQuietPatience = absl::Seconds(5);
constexpr char kDoubts[] = "banks in doubt";

enum Kind : int64_t {
  kTransfer,  // transfer, from, to, amount
  kOutcome,   // transfer, is_committed
  kPrepare,   // transfer, change of the balance
  kVote,      // transfer, is_yes
  kDecide,    // transfer, is_committed
  kConfirm,   // transfer
  kInquire,   // transfer
  kAudit,
  kBalance,  // balance, transfers in doubt
  // Records.
  kBegun,      // transfer, from, to
  kCommitted,  // transfer
  kEnded,      // transfer
  kPrepared,   // transfer, change
  kDecided,    // transfer, is_committed
};

// How many transfers are in doubt at each bank, for milestones only.
using Doubts = std::array<int64_t, kBanks + 1>;
int64_t AllDoubts(SimContext& ctx) {
  const auto* doubts = ctx.state().Get<Doubts>(kDoubts);
  int64_t sum = 0;
  for (const int64_t count : doubts == nullptr ? Doubts{} : *doubts) {
    sum += count;
  }
  return sum;
}

class Coordinator final : public Process {
 public:
  explicit Coordinator(Bug bug) : bug_(bug) {}
  absl::string_view name() const override { return "coordinator"; }

  Task<absl::Status> Run(SimContext& ctx) override {
    CO_ASSIGN_OR_RETURN(Journal journal, co_await Journal::Open(ctx.storage()));
    Recover(journal);
    ASSERT_SOMETIMES_EACH("a coordinator boots",
                          {{"unfinished", std::min<size_t>(active_.size(), 2)},
                           {"in doubt", std::min<int64_t>(AllDoubts(ctx), 2)}});
    CO_ASSIGN_OR_RETURN(Post post, co_await Post::Open(ctx));
    ctx_ = &ctx;
    journal_ = &journal;
    post_ = &post;
    for (;;) {
      const std::optional<Letter> letter = co_await post.Receive(kTick);
      if (letter) {
        CO_RETURN_IF_ERROR(co_await Handle(*letter));
      } else {
        CO_RETURN_IF_ERROR(co_await Tick());
      }
    }
  }

 private:
  struct Transfer {
    std::string client;
    std::array<int64_t, 2> banks;  // who pays, who is paid
    bool is_aborting = false;
    unsigned heard = 0;  // bit i: banks[i] has voted yes, or confirmed
    absl::Duration due;  // the end of the voting
  };

  void Recover(Journal& journal) {
    for (const Words& record : journal.TakeRecovered()) {
      known_.insert(record[1]);
      if (record[0] == kBegun) {
        active_[record[1]] = {.banks = {record[2], record[3]},
                              .is_aborting = true};
      } else {
        active_.erase(record[1]);
      }
    }
  }

  Task<absl::Status> Handle(const Letter& letter) {
    const int64_t id = letter.At(1);
    if (letter.At(0) == kTransfer) co_return co_await Begin(letter);
    const auto at = active_.find(id);
    if (letter.At(0) == kInquire) {
      ASSERT_SOMETIMES(at == active_.end(), "a commit is presumed");
      ASSERT_SOMETIMES(at != active_.end(), "a bank asks too early");
      if (at != active_.end() && !at->second.is_aborting) co_return OkStatus();
      const bool is_committed = at == active_.end();
      co_await post_->Send(letter.from, {kDecide, id, is_committed});
      co_return OkStatus();
    }
    if (at == active_.end()) co_return OkStatus();
    Transfer& transfer = at->second;
    const int bank = IndexOf(*ctx_, letter.from);
    const unsigned bit = transfer.banks[0] == bank ? 1 : 2;
    if (letter.At(0) == kConfirm && transfer.is_aborting) {
      transfer.heard |= bit;
      if (transfer.heard == 3) {
        active_.erase(at);
        co_return co_await journal_->AppendUnsynced({kEnded, id});
      }
    } else if (letter.At(0) == kVote && !transfer.is_aborting) {
      if (letter.At(2) == 0) co_return co_await Abort(id);
      transfer.heard |= bit;
      if (transfer.heard == 3) co_return co_await Commit(id);
    }
    co_return OkStatus();
  }

  Task<absl::Status> Begin(const Letter& letter) {
    const int64_t id = letter.At(1);
    if (!known_.insert(id).second) co_return OkStatus();
    const Transfer transfer = {.client = letter.from,
                               .banks = {letter.At(2), letter.At(3)},
                               .due = ctx_->time().Now() + kVotingTime};
    active_[id] = transfer;
    const Words record = {kBegun, id, transfer.banks[0], transfer.banks[1]};
    CO_RETURN_IF_ERROR(co_await journal_->Append(record));
    co_await post_->Send(Ip(transfer.banks[0]), {kPrepare, id, -letter.At(4)});
    co_await post_->Send(Ip(transfer.banks[1]), {kPrepare, id, letter.At(4)});
    co_return OkStatus();
  }

  Task<absl::Status> Commit(int64_t id) {
    CO_RETURN_IF_ERROR(co_await journal_->Append({kCommitted, id}));
    const Transfer transfer = active_[id];
    active_.erase(id);
    co_await Tell(id, transfer, true);
    co_await post_->Send(transfer.client, {kOutcome, id, true});
    co_return OkStatus();
  }

  Task<absl::Status> Abort(int64_t id) {
    Transfer& transfer = active_[id];
    ASSERT_SOMETIMES(transfer.heard != 0, "an abort finds a bank prepared");
    ASSERT_SOMETIMES(transfer.heard == 0, "an abort finds no bank prepared");
    transfer.is_aborting = true;
    transfer.heard = 0;
    if (bug_ == Bug::kForgetAbort) {
      CO_RETURN_IF_ERROR(co_await journal_->Append({kEnded, id}));
    }
    co_await Tell(id, transfer, false);
    co_await post_->Send(transfer.client, {kOutcome, id, false});
    co_return OkStatus();
  }

  // Slow votes are a no, and an abort is sent until it is confirmed.
  Task<absl::Status> Tick() {
    std::set<int64_t> late;
    for (const auto& [id, transfer] : active_) {
      if (transfer.is_aborting) co_await Tell(id, transfer, false);
      if (!transfer.is_aborting && transfer.due <= ctx_->time().Now()) {
        late.insert(id);
      }
    }
    for (const int64_t id : late) CO_RETURN_IF_ERROR(co_await Abort(id));
    co_return OkStatus();
  }

  Task<void> Tell(int64_t id, Transfer transfer, bool is_committed) {
    for (size_t i = 0; i < 2; ++i) {
      const bool knows = !is_committed && (transfer.heard >> i & 1) != 0;
      if (knows) continue;
      co_await post_->Send(Ip(transfer.banks[i]), {kDecide, id, is_committed});
    }
  }

  static absl::Status OkStatus() { return absl::OkStatus(); }
  const std::string& Ip(int64_t bank) const {
    return ctx_->topology().all_process_ips()[static_cast<size_t>(bank)];
  }

  const Bug bug_;
  SimContext* ctx_ = nullptr;
  Journal* journal_ = nullptr;
  Post* post_ = nullptr;
  std::set<int64_t> known_;  // everything that was ever begun
  std::map<int64_t, Transfer> active_;
};

class Bank final : public Process {
 public:
  explicit Bank(Bug bug) : bug_(bug) {}
  absl::string_view name() const override { return "bank"; }

  Task<absl::Status> Run(SimContext& ctx) override {
    CO_ASSIGN_OR_RETURN(Journal journal, co_await Journal::Open(ctx.storage()));
    ctx_ = &ctx;
    Recover(journal);
    CO_ASSIGN_OR_RETURN(Post post, co_await Post::Open(ctx));
    const std::string coordinator = ctx.topology().all_process_ips()[0];
    for (;;) {
      const std::optional<Letter> letter = co_await post.Receive(kTick);
      if (letter) CO_RETURN_IF_ERROR(co_await Handle(journal, post, *letter));
      for (auto& [id, doubt] : doubts_) {
        if (doubt.ask_at > ctx.time().Now()) continue;
        ASSERT_REACHABLE("a bank in doubt asks");
        doubt.ask_at = ctx.time().Now() + kDoubt;
        co_await post.Send(coordinator, {kInquire, id});
      }
    }
  }

 private:
  struct Doubt {
    int64_t change = 0;
    absl::Duration ask_at;
  };

  void Recover(Journal& journal) {
    const bool asks = bug_ != Bug::kBlockedForever;
    for (const Words& record : journal.TakeRecovered()) {
      if (record[0] == kPrepared) {
        doubts_[record[1]] = {
            .change = record[2],
            .ask_at = asks ? ctx_->time().Now() : absl::InfiniteDuration()};
      } else {
        Finish(record[1], record[2] != 0);
      }
    }
    ASSERT_SOMETIMES(!doubts_.empty(), "a bank is in doubt when it boots");
    Publish();
  }

  void Finish(int64_t id, bool is_committed) {
    finished_.insert(id);
    if (is_committed) {
      balance_ += doubts_[id].change;
      ASSERT_ALWAYS_GREATER_THAN_OR_EQUAL_TO(balance_, 0,
                                             "no account is overdrawn");
    }
    doubts_.erase(id);
  }

  Task<absl::Status> Handle(Journal& journal, Post& post,
                            const Letter& letter) {
    const int64_t id = letter.At(1);
    if (letter.At(0) == kAudit) {
      co_await post.Send(letter.from, {kBalance, balance_,
                                       static_cast<int64_t>(doubts_.size())});
    } else if (letter.At(0) == kPrepare && !finished_.contains(id)) {
      const bool is_yes = doubts_.contains(id) || MayChange(letter.At(2));
      ASSERT_SOMETIMES(!is_yes, "a bank votes no");
      if (is_yes && !doubts_.contains(id)) {
        const Words record = {kPrepared, id, letter.At(2)};
        CO_RETURN_IF_ERROR(co_await journal.Append(record));
        doubts_[id] = {.change = letter.At(2),
                       .ask_at = ctx_->time().Now() + kDoubt};
        Publish();
      }
      co_await post.Send(letter.from, {kVote, id, is_yes});
    } else if (letter.At(0) == kDecide) {
      const bool is_committed = letter.At(2) != 0;
      if (!finished_.contains(id) && (doubts_.contains(id) || !is_committed)) {
        CO_RETURN_IF_ERROR(
            co_await journal.Append({kDecided, id, is_committed}));
        Finish(id, is_committed);
        Publish();
      }
      if (!is_committed) co_await post.Send(letter.from, {kConfirm, id});
    }
    co_return absl::OkStatus();
  }

  bool MayChange(int64_t change) const {
    if (bug_ != Bug::kEarlyUnlock) {
      return doubts_.empty() && balance_ + change >= 0;
    }
    int64_t balance = balance_ + change;
    for (const auto& [id, doubt] : doubts_) balance += doubt.change;
    return balance >= 0;
  }

  void Publish() {
    const auto* old = ctx_->state().Get<Doubts>(kDoubts);
    Doubts doubts = old == nullptr ? Doubts{} : *old;
    doubts[static_cast<size_t>(ctx_->client_id())] =
        static_cast<int64_t>(doubts_.size());
    ctx_->state().Publish<Doubts>(kDoubts, doubts);
  }

  const Bug bug_;
  SimContext* ctx_ = nullptr;
  int64_t balance_ = kOpening;
  std::map<int64_t, Doubt> doubts_;  // prepared, not decided: the locks
  std::set<int64_t> finished_;
};

class Client final : public Workload {
 public:
  absl::string_view name() const override { return "client"; }

  Task<absl::Status> Run(SimContext& ctx) override {
    CO_ASSIGN_OR_RETURN(Post post, co_await Post::Open(ctx));
    const std::string coordinator = ctx.topology().all_process_ips()[0];
    for (int64_t i = 0; i < kTransfers; ++i) {
      co_await ctx.time().Sleep(
          ctx.random().Range(absl::ZeroDuration(), absl::Milliseconds(10)));
      const int64_t id = 100 * (ctx.client_id() + 1) + i;
      const int64_t from = ctx.random().Range(1, kBanks);
      const int64_t to = from % kBanks + 1;
      const int64_t amount = ctx.random().Range(1, kOpening - 2);
      const Words request = {kTransfer, id, from, to, amount};
      co_await post.Send(coordinator, request);
      std::optional<Letter> letter;
      do {
        letter = co_await post.Receive(2 * kVotingTime);
      } while (letter && letter->At(1) != id);
      ASSERT_SOMETIMES(letter && letter->At(2) != 0, "a transfer is made");
      ASSERT_SOMETIMES(letter && letter->At(2) == 0, "a transfer is refused");
      ASSERT_SOMETIMES(!letter, "a client does not know");
    }
    co_return absl::OkStatus();
  }

  // All banks agree on every transfer, soon: then no money came or went.
  Task<absl::Status> Check(SimContext& ctx) override {
    if (ctx.client_id() != 0) co_return absl::OkStatus();
    CO_ASSIGN_OR_RETURN(Post post, co_await Post::Open(ctx));
    const absl::Duration end = ctx.time().Now() + kQuietPatience;
    int64_t doubts = 1;
    int64_t money = 0;
    while (doubts > 0 && ctx.time().Now() < end) {
      doubts = money = 0;
      for (size_t bank = 1; bank <= kBanks; ++bank) {
        co_await post.Send(ctx.topology().all_process_ips()[bank], {kAudit});
        std::optional<Letter> letter;
        do {
          letter = co_await post.Receive(kQuietPatience);
        } while (letter && letter->At(0) != kBalance);
        if (!letter) co_return absl::UnavailableError("a bank is silent");
        money += letter->At(1);
        doubts += letter->At(2);
      }
      co_await ctx.time().Sleep(kDoubt);
    }
    ASSERT_ALWAYS(doubts == 0, "no transfer stays in doubt",
                  {"doubts", doubts});
    ASSERT_ALWAYS(doubts > 0 || money == kBanks * kOpening,
                  "money is conserved", {"money", money});
    co_return absl::OkStatus();
  }
};

}  // namespace

REGISTER_CAMPAIGN(bank2pc, "Transfers by two-phase commit") {
  const std::string name = params.Choice(
      "bug", {"none", "forget-abort", "early-unlock", "blocked-forever"},
      "what is wrong");
  const Bug bug = name == "forget-abort"      ? Bug::kForgetAbort
                  : name == "early-unlock"    ? Bug::kEarlyUnlock
                  : name == "blocked-forever" ? Bug::kBlockedForever
                                              : Bug::kNone;
  SimulationBuilder builder;
  builder
      .Processes(
          {.factory = [bug] { return std::make_unique<Coordinator>(bug); }})
      .Processes({.count = kBanks,
                  .factory = [bug] { return std::make_unique<Bank>(bug); }})
      .Workloads(kClients, [](int) { return std::make_unique<Client>(); })
      .Fault([] {
        return std::make_unique<Trouble>(TroubleOptions{
            .network = {.datagram_loss = {1, 50}},
            .crash_pause =
                LatencyRange{absl::Milliseconds(5), absl::Milliseconds(60)},
            .victims = {0, 0, 0, 1, 2, 3}});
      })
      // Longer than a vote, and a datagram, may take.
      .Phases({.quiet = absl::Milliseconds(150)})
      .StopAtViolation();
  return builder;
}

}  // namespace moonpool::problems
