// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Chain replication in memory: the head takes writes, each node passes them on,
// the tail acknowledges them, back through the chain. A master that never fails
// removes silent nodes; who was removed never comes back. Neighbours that are
// new to each other begin with a Sync: how much there is to come.
//
// bug=tail-ack: at a Sync the tail acknowledges all that is to come, not what
// it has. The updates are in flight then; if they are lost and the head fails
// before it sends them again, acknowledged writes are gone.
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
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "explorer/campaign.h"
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

constexpr int64_t kNodes = 3;  // processes 1, 2 and 3; the master is 0
constexpr int kClients = 3;
constexpr int64_t kWrites = 6;  // of each client
constexpr absl::Duration kTick = absl::Milliseconds(5);
// Nine letters in a row must be lost before a living node is removed.
constexpr absl::Duration kSilence = absl::Milliseconds(45);
constexpr absl::Duration kPatience = absl::Milliseconds(25);
constexpr int kTries = 5;

enum Kind : int64_t {
  kAlive,    // incarnation, epoch
  kWho,      // a client asks for the chain
  kChain,    // epoch, for which incarnation, the nodes from head to tail
  kWrite,    // value
  kWritten,  // value
  kSync,     // epoch, how much there is to come
  kUpdate,   // epoch, index, value
  kAck,      // epoch, acknowledged by the tail, held by the sender
  kDump,
  kLog,  // the values
};

class Master final : public Process {
 public:
  absl::string_view name() const override { return "master"; }

  Task<absl::Status> Run(SimContext& ctx) override {
    CO_ASSIGN_OR_RETURN(Post post, co_await Post::Open(ctx));
    for (int64_t node = 1; node <= kNodes; ++node) {
      chain_.push_back(node);
      heard_[static_cast<size_t>(node)] = ctx.time().Now();
    }
    for (;;) {
      const std::optional<Letter> letter = co_await post.Receive(kTick);
      const absl::Duration now = ctx.time().Now();
      if (letter) {
        const int from = std::max(0, IndexOf(ctx, letter->from));
        if (from > 0) Hear(from, *letter, now);
        const bool knows = from > 0 && letter->At(2) == epoch_;
        if (!knows) co_await post.Send(letter->from, Config(from));
      }
      for (size_t i = 0; i < chain_.size(); ++i) {
        const absl::Duration heard = heard_[static_cast<size_t>(chain_[i])];
        if (now - heard < kSilence || chain_.size() == 1) continue;
        Remove(i);
        for (const int64_t node : chain_) {
          const auto& ips = ctx.topology().all_process_ips();
          co_await post.Send(ips[static_cast<size_t>(node)], Config(node));
        }
        break;
      }
    }
  }

 private:
  // A node that was booted anew has forgotten everything: it is as good as
  // dead.
  void Hear(int node, const Letter& letter, absl::Duration now) {
    int64_t& incarnation = incarnations_[static_cast<size_t>(node)];
    if (incarnation == 0) incarnation = letter.At(1);
    if (incarnation == letter.At(1)) heard_[static_cast<size_t>(node)] = now;
  }

  void Remove(size_t position) {
    ASSERT_SOMETIMES_EACH("a node is removed from the chain",
                          {{"position", position}, {"epoch", epoch_}});
    chain_.erase(chain_.begin() + static_cast<ptrdiff_t>(position));
    ++epoch_;
  }

  Words Config(int64_t node) const {
    Words words = {kChain, epoch_, incarnations_[static_cast<size_t>(node)]};
    words.insert(words.end(), chain_.begin(), chain_.end());
    return words;
  }

  int64_t epoch_ = 1;
  std::vector<int64_t> chain_;
  std::array<absl::Duration, kNodes + 1> heard_;
  std::array<int64_t, kNodes + 1> incarnations_ = {};
};

class Node final : public Process {
 public:
  explicit Node(bool has_bug) : has_bug_(has_bug) {}
  absl::string_view name() const override { return "node"; }

  Task<absl::Status> Run(SimContext& ctx) override {
    CO_ASSIGN_OR_RETURN(Post post, co_await Post::Open(ctx));
    ctx_ = &ctx;
    post_ = &post;
    incarnation_ = static_cast<int64_t>(ctx.random().Next() >> 1 | 1);
    absl::Duration tick = ctx.time().Now();
    for (;;) {
      if (tick <= ctx.time().Now()) {
        tick = ctx.time().Now() + kTick;
        if (announced_ > Length()) {
          ASSERT_SOMETIMES_EACH(
              "announced updates are late",
              {{"missing", std::min<int64_t>(announced_ - Length(), 3)},
               {"epoch", epoch_},
               {"tail", next_ == 0}});
        }
        co_await post.Send(Ip(0), {kAlive, incarnation_, epoch_});
        co_await Resend();
      }
      const std::optional<Letter> letter =
          co_await post.Receive(tick - ctx.time().Now());
      if (letter) co_await Handle(*letter);
    }
  }

 private:
  Task<void> Handle(const Letter& letter) {
    switch (letter.At(0)) {
      case kChain:
        if (letter.At(1) > epoch_ && letter.At(2) == incarnation_) {
          co_await Adopt(letter);
        }
        co_return;
      case kWrite:
        if (epoch_ > 0 && previous_ == 0) co_await Write(letter);
        co_return;
      case kDump: {
        Words words = {kLog};
        words.insert(words.end(), log_.begin(), log_.end());
        co_await post_->Send(letter.from, std::move(words));
        co_return;
      }
    }
    // Between neighbours of the same epoch.
    if (letter.At(1) != epoch_) co_return;
    if (letter.At(0) == kAck) {
      held_ = std::max(held_, letter.At(3));
      co_await Acknowledge(letter.At(2));
    } else if (letter.At(0) == kSync) {
      announced_ = letter.At(2);
      const int64_t missing = announced_ - Length();
      ASSERT_SOMETIMES_EACH(
          "neighbours in a chain meet",
          {{"missing", std::clamp<int64_t>(missing, 0, 3)},
           {"epoch", epoch_},
           {"tail", next_ == 0}});
      const bool too_much = has_bug_ && next_ == 0;
      co_await Acknowledge(too_much ? letter.At(2) : StableLength());
    } else if (letter.At(0) == kUpdate) {
      if (letter.At(2) == Length()) {
        log_.push_back(letter.At(3));
        co_await Pass(Length() - 1);
      } else {
        ASSERT_SOMETIMES(letter.At(2) > Length(), "an update is missing");
      }
      co_await Acknowledge(StableLength());
    }
  }

  Task<void> Adopt(const Letter& letter) {
    const Words chain(letter.words.begin() + 3, letter.words.end());
    const auto at =
        std::find(chain.begin(), chain.end(), IndexOf(*ctx_, ctx_->my_ip()));
    if (at == chain.end()) co_return;  // removed: of no use any more
    epoch_ = letter.At(1);
    previous_ = at == chain.begin() ? 0 : *(at - 1);
    next_ = at + 1 == chain.end() ? 0 : *(at + 1);
    held_ = acked_;
    ASSERT_SOMETIMES_EACH(
        "a chain is mended",
        {{"in flight", std::clamp<int64_t>(Length() - acked_, 0, 3)},
         {"epoch", epoch_},
         {"head", previous_ == 0},
         {"tail", next_ == 0}});
    if (next_ == 0) {
      co_await Acknowledge(Length());
    } else {
      co_await post_->Send(Ip(next_), {kSync, epoch_, Length()});
      for (int64_t i = held_; i < Length(); ++i) co_await Pass(i);
    }
  }

  Task<void> Write(const Letter& letter) {
    const int64_t value = letter.At(1);
    auto at = std::find(log_.begin(), log_.end(), value);
    const int64_t index = at - log_.begin();
    waiting_[index] = letter.from;
    if (at == log_.end()) {
      log_.push_back(value);
      co_await Pass(index);
    }
    co_await Acknowledge(StableLength());
  }

  // To the next node, if there is one.
  Task<void> Pass(int64_t index) {
    if (next_ == 0) co_return;
    co_await post_->Send(
        Ip(next_), {kUpdate, epoch_, index, log_[static_cast<size_t>(index)]});
  }

  Task<void> Resend() {
    if (next_ == 0 || held_ >= Length()) co_return;
    ASSERT_REACHABLE("updates are sent again");
    for (int64_t i = held_; i < Length(); ++i) co_await Pass(i);
  }

  // length updates are at the tail: tells the previous node, or the clients.
  Task<void> Acknowledge(int64_t length) {
    acked_ = std::max(acked_, length);
    if (previous_ != 0) {
      co_await post_->Send(Ip(previous_), {kAck, epoch_, acked_, Length()});
      co_return;
    }
    while (!waiting_.empty() && waiting_.begin()->first < acked_) {
      const std::string client = waiting_.begin()->second;
      const auto index = static_cast<size_t>(waiting_.begin()->first);
      waiting_.erase(waiting_.begin());
      co_await post_->Send(client, {kWritten, log_[index]});
    }
  }

  int64_t Length() const { return static_cast<int64_t>(log_.size()); }
  int64_t StableLength() const { return next_ == 0 ? Length() : acked_; }
  const std::string& Ip(int64_t process) const {
    return ctx_->topology().all_process_ips()[static_cast<size_t>(process)];
  }

  const bool has_bug_;
  SimContext* ctx_ = nullptr;
  Post* post_ = nullptr;
  int64_t incarnation_ = 0;
  int64_t epoch_ = 0;
  int64_t previous_ = 0;  // 0: this is the head
  int64_t next_ = 0;      // 0: this is the tail
  std::vector<int64_t> log_;
  int64_t acked_ = 0;                       // the tail has so many
  int64_t held_ = 0;                        // the next node has so many
  int64_t announced_ = 0;                   // by the previous node's Sync
  std::map<int64_t, std::string> waiting_;  // clients, by index
};

class Client final : public Workload {
 public:
  absl::string_view name() const override { return "client"; }

  Task<absl::Status> Run(SimContext& ctx) override {
    CO_ASSIGN_OR_RETURN(Post post, co_await Post::Open(ctx));
    Words chain = {1};
    for (int64_t i = 1; i <= kWrites; ++i) {
      co_await ctx.time().Sleep(
          ctx.random().Range(absl::ZeroDuration(), absl::Milliseconds(15)));
      const int64_t value = 100 * (ctx.client_id() + 1) + i;
      bool is_written = false;
      for (int tries = 0; tries < kTries && !is_written; ++tries) {
        const auto head = static_cast<size_t>(chain.front());
        co_await post.Send(ctx.topology().all_process_ips()[head],
                           {kWrite, value});
        std::optional<Letter> letter;
        do {
          letter = co_await post.Receive(kPatience);
        } while (letter &&
                 (letter->At(0) != kWritten || letter->At(1) != value));
        is_written = letter.has_value();
        if (!is_written) co_await AskForChain(ctx, post, &chain);
      }
      ASSERT_SOMETIMES(is_written, "a write is acknowledged by the chain");
      ASSERT_SOMETIMES(!is_written, "a write is given up");
      if (is_written) written_.insert(value);
    }
    co_return absl::OkStatus();
  }

  Task<absl::Status> Check(SimContext& ctx) override {
    CO_ASSIGN_OR_RETURN(Post post, co_await Post::Open(ctx));
    Words chain;
    while (chain.empty()) co_await AskForChain(ctx, post, &chain);
    const auto tail = static_cast<size_t>(chain.back());
    std::optional<Letter> letter;
    while (!letter || letter->At(0) != kLog) {
      co_await post.Send(ctx.topology().all_process_ips()[tail], {kDump});
      letter = co_await post.Receive(kPatience);
    }
    for (const int64_t value : written_) {
      const bool is_there =
          std::count(letter->words.begin() + 1, letter->words.end(), value) > 0;
      ASSERT_ALWAYS(is_there, "an acknowledged write survives in the chain",
                    {"value", value});
    }
    co_return absl::OkStatus();
  }

 private:
  Task<void> AskForChain(SimContext& ctx, Post& post, Words* chain) {
    co_await post.Send(ctx.topology().all_process_ips()[0], {kWho});
    std::optional<Letter> letter;
    do {
      letter = co_await post.Receive(kPatience);
    } while (letter && letter->At(0) != kChain);
    if (letter) chain->assign(letter->words.begin() + 3, letter->words.end());
  }

  std::set<int64_t> written_;
};

}  // namespace

REGISTER_CAMPAIGN(chain, "Chain replication with a master") {
  const bool has_bug =
      params.Choice("bug", {"none", "tail-ack"}, "what is wrong") != "none";
  SimulationBuilder builder;
  builder.Processes({.factory = [] { return std::make_unique<Master>(); }})
      .Processes(
          {.count = kNodes,
           .factory = [has_bug] { return std::make_unique<Node>(has_bug); }})
      .Workloads(kClients, [](int) { return std::make_unique<Client>(); })
      // The master's verdict needs a network that is never slow.
      .Network({.latency = {absl::Microseconds(200), absl::Milliseconds(1)},
                .slow_chance = {0, 1}})
      .Fault([] {
        return std::make_unique<Trouble>(TroubleOptions{
            .network = {.datagram_loss = {1, 80}, .datagram_reorder = {1, 40}},
            .crash_pause =
                LatencyRange{absl::Milliseconds(10), absl::Milliseconds(100)},
            .victims = {1, 2, 3},
            .max_dead = kNodes - 1,
            // What is in memory dies with the last who has it.
            .max_crashes = kNodes - 1});
      })
      // A dead node's neighbours notice it, and what is in flight arrives.
      .Phases({.quiet = absl::Milliseconds(120)})
      .StopAtViolation();
  return builder;
}

}  // namespace moonpool::problems
