// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Keys that spread by gossip: four nodes, in memory, each tells another one
// after another all that it knows. A key is put once. A deleted one leaves a
// tombstone, so that nobody takes it back from who has not heard; the tombstone
// goes once all nodes have it and no letter from before can be under way.
//
// bug=resurrect: a tombstone does not wait for nodes that have been silent for
// long. One that was cut off before the deletion brings the key back.
#include <algorithm>
#include <array>
#include <bit>
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
#include "explorer/problems/observer.h"
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

constexpr int kNodes = 4;
constexpr uint64_t kAll = (uint64_t{1} << kNodes) - 1;
constexpr int kClients = 2;
constexpr int64_t kKeys = 4;  // of each client
constexpr int kTries = 4;  // to delete one
constexpr absl::Duration kPatience = absl::Milliseconds(20);
// Each node hears from each other one every third tick.
constexpr absl::Duration kTick = absl::Milliseconds(8);
constexpr absl::Duration kSilence = absl::Milliseconds(230);
// Longer than any letter takes.
constexpr absl::Duration kGrace = absl::Milliseconds(30);

enum Kind : int64_t {
  kPut,      // key
  kDelete,   // key
  kDone,     // key
  kNothing,  // key: not there
  kGossip,   // key and who has its tombstone (0: it is alive), of each
};

// Who has forgotten which deletion. Draws nothing, sends nothing.
class Observer {
 public:
  void OnDeleted(int node, int64_t key) { deleted_.insert({node, key}); }
  void OnAlive(int node, int64_t key) {
    ASSERT_ALWAYS(!deleted_.contains({node, key}), "deleted stays deleted",
                  {"node", node}, {"key", key});
  }

 private:
  std::set<std::pair<int, int64_t>> deleted_;
};

class Node final : public Process {
 public:
  explicit Node(bool has_bug) : has_bug_(has_bug) {}
  absl::string_view name() const override { return "node"; }

  Task<absl::Status> Run(SimContext& ctx) override {
    CO_ASSIGN_OR_RETURN(Post post, co_await Post::Open(ctx));
    ctx_ = &ctx;
    id_ = ctx.client_id();
    heard_.fill(ctx.time().Now());
    int next = id_;
    absl::Duration tick = ctx.time().Now() + kTick;
    for (;;) {
      const std::optional<Letter> letter =
          co_await post.Receive(tick - ctx.time().Now());
      if (letter) co_await Handle(post, *letter);
      if (tick > ctx.time().Now()) continue;
      tick += kTick;
      Collect();
      do {
        next = (next + 1) % kNodes;
      } while (next == id_);
      co_await post.Send(
          ctx.topology().all_process_ips()[static_cast<size_t>(next)],
          Gossip());
    }
  }

 private:
  struct Item {
    uint64_t dead = 0;  // bit i: node i has its tombstone; 0: it is alive
    std::optional<absl::Duration> collectible;  // since then
  };

  uint64_t Self() const { return uint64_t{1} << id_; }

  Task<void> Handle(Post& post, const Letter& letter) {
    const int64_t key = letter.At(1);
    switch (letter.At(0)) {
      case kPut:
        items_.try_emplace(key);
        co_await post.Send(letter.from, {kDone, key});
        break;
      case kDelete: {
        const bool is_there = items_.contains(key);
        if (is_there) Bury(key, Self());
        co_await post.Send(letter.from, {is_there ? kDone : kNothing, key});
        break;
      }
      case kGossip:
        Merge(letter);
        break;
    }
  }

  Words Gossip() const {
    Words words = {kGossip};
    for (const auto& [key, item] : items_) {
      words.insert(words.end(), {key, static_cast<int64_t>(item.dead)});
    }
    return words;
  }

  void Merge(const Letter& letter) {
    const int from = IndexOf(*ctx_, letter.from);
    const bool was_silent = IsSilent(from);
    heard_[static_cast<size_t>(from)] = ctx_->time().Now();
    ASSERT_SOMETIMES(was_silent, "a silent node is heard again");
    for (size_t i = 1; i + 1 < letter.words.size(); i += 2) {
      const int64_t key = letter.words[i];
      const auto dead = static_cast<uint64_t>(letter.words[i + 1]);
      const auto known = items_.find(key);
      if (dead != 0) {
        Bury(key, dead | Self());
      } else if (known == items_.end()) {
        items_.try_emplace(key);
        ObserverOf<Observer>(*ctx_).OnAlive(id_, key);
      } else if (known->second.dead != 0) {
        ASSERT_SOMETIMES_EACH("a deleted key comes again",
                              {{"from a silent node", was_silent}});
      }
    }
  }

  void Bury(int64_t key, uint64_t dead) {
    Item& item = items_[key];
    if (item.dead == 0) ObserverOf<Observer>(*ctx_).OnDeleted(id_, key);
    item.dead |= dead;
  }

  void Collect() {
    uint64_t silent = 0;
    for (int node = 0; node < kNodes; ++node) {
      if (node != id_ && IsSilent(node)) silent |= uint64_t{1} << node;
    }
    const absl::Duration now = ctx_->time().Now();
    for (auto at = items_.begin(); at != items_.end();) {
      Item& item = at->second;
      if (item.dead != 0) {
        ASSERT_SOMETIMES_EACH("a tombstone waits",
                              {{"nodes have it", std::popcount(item.dead)},
                               {"silent ones lack it",
                                std::popcount(silent & ~item.dead)}});
      }
      const uint64_t needed = has_bug_ ? kAll & ~silent : kAll;
      const bool is_known = item.dead != 0 && (item.dead & needed) == needed;
      if (!is_known) {
        item.collectible.reset();
      } else if (!item.collectible.has_value()) {
        item.collectible = now;
      }
      const bool is_over = is_known && now - *item.collectible >= kGrace;
      ASSERT_SOMETIMES(is_over, "a tombstone is collected");
      at = is_over ? items_.erase(at) : std::next(at);
    }
  }

  bool IsSilent(int node) const {
    return ctx_->time().Now() - heard_[static_cast<size_t>(node)] > kSilence;
  }

  const bool has_bug_;
  SimContext* ctx_ = nullptr;
  int id_ = 0;
  std::map<int64_t, Item> items_;
  std::array<absl::Duration, kNodes> heard_;
};

// Puts keys, one after another, and deletes them a while later.
class Client final : public Workload {
 public:
  absl::string_view name() const override { return "client"; }

  Task<absl::Status> Run(SimContext& ctx) override {
    CO_ASSIGN_OR_RETURN(Post post, co_await Post::Open(ctx));
    for (int64_t i = 1; i <= kKeys; ++i) {
      const int64_t key = 100 * (ctx.client_id() + 1) + i;
      co_await Pause(ctx);
      // Once: a second letter might arrive when the key is deleted.
      if (!co_await IsDone(ctx, post, {kPut, key})) continue;
      // Not everywhere it is there yet.
      for (int tries = 0; tries < kTries; ++tries) {
        co_await Pause(ctx);
        if (co_await IsDone(ctx, post, {kDelete, key})) break;
      }
    }
    co_return absl::OkStatus();
  }

 private:
  static Task<void> Pause(SimContext& ctx) {
    co_await ctx.time().Sleep(
        ctx.random().Range(absl::ZeroDuration(), absl::Milliseconds(80)));
  }
  static Task<bool> IsDone(SimContext& ctx, Post& post, Words request) {
    const int64_t key = request[1];
    co_await post.Send(ctx.random().Pick(ctx.topology().all_process_ips()),
                       std::move(request));
    std::optional<Letter> letter;
    do {
      letter = co_await post.Receive(kPatience);
    } while (letter && letter->At(1) != key);
    co_return letter && letter->At(0) == kDone;
  }
};

}  // namespace

REGISTER_CAMPAIGN(gossip, "Keys that spread by gossip, and tombstones") {
  const bool has_bug =
      params.Choice("bug", {"none", "resurrect"}, "what is wrong") != "none";
  SimulationBuilder builder;
  builder.Network({.latency = {absl::Microseconds(200), absl::Milliseconds(2)},
                   .slow_chance = {0, 1}})
      .Processes(
          {.count = kNodes,
           .factory = [has_bug] { return std::make_unique<Node>(has_bug); }})
      .Workloads(kClients, [](int) { return std::make_unique<Client>(); })
      .Fault([] {
        return std::make_unique<Trouble>(TroubleOptions{
            .network = {.datagram_loss = {1, 20}, .datagram_reorder = {1, 20}},
            .cut_pause =
                LatencyRange{absl::Milliseconds(50), absl::Milliseconds(500)},
            .cut = {absl::Milliseconds(10), absl::Milliseconds(180)}});
      })
      // Who was cut off tells what it has.
      .Phases({.quiet = absl::Milliseconds(100)})
      .StopAtViolation();
  return builder;
}

}  // namespace moonpool::problems
