// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// A replicated set that only grows: three nodes, each numbers the elements that
// it takes from clients, and the nodes tell each other how many of whose they
// have. Crashes lose nothing; now and then a disk is lost, and the node begins
// again under a new name, with what the others tell it.
//
// bug=clock-rewind: it keeps its name, and counts from what it has. Elements
// that it takes before the others have told it of its own get numbers that the
// others have seen, and which they never ask for.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "explorer/campaign.h"
#include "explorer/problems/journal.h"
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

constexpr int kNodes = 3;
constexpr int kClients = 2;
constexpr int64_t kElements = 12;  // of each client
constexpr absl::Duration kTick = absl::Milliseconds(5);
constexpr absl::Duration kQuietPatience = absl::Seconds(2);

enum Kind : int64_t {
  kAdd,     // element
  kHave,    // name and count of each
  kHere,    // name, number of the first, elements
  // Records.
  kName,    // name
  kStored,  // as kHere
};

// By name, in the order of their numbers.
using Elements = std::map<int64_t, std::vector<int64_t>>;

// What each node has. Draws nothing, sends nothing.
class Observer {
 public:
  void OnChanged(int node, const Elements& elements) {
    sets_[static_cast<size_t>(node)] = elements;
  }
  bool are_equal() const {
    return std::count(sets_.begin(), sets_.end(), sets_[0]) == kNodes;
  }

 private:
  std::array<Elements, kNodes> sets_;
};

class Node final : public Process {
 public:
  explicit Node(bool has_bug) : has_bug_(has_bug) {}
  absl::string_view name() const override { return "node"; }

  Task<absl::Status> Run(SimContext& ctx) override {
    ctx_ = &ctx;
    const bool is_first_boot = ctx.time().Now() == absl::ZeroDuration();
    CO_ASSIGN_OR_RETURN(Journal journal, co_await Journal::Open(ctx.storage()));
    CO_RETURN_IF_ERROR(co_await Recover(journal, is_first_boot));
    CO_ASSIGN_OR_RETURN(Post post, co_await Post::Open(ctx));
    journal_ = &journal;
    post_ = &post;
    absl::Duration tick = ctx.time().Now();
    int next = ctx.client_id();
    for (;;) {
      if (tick <= ctx.time().Now()) {
        tick = ctx.time().Now() + kTick;
        do {
          next = (next + 1) % kNodes;
        } while (next == ctx.client_id());
        co_await post.Send(
            ctx.topology().all_process_ips()[static_cast<size_t>(next)],
            Have());
      }
      const std::optional<Letter> letter =
          co_await post.Receive(tick - ctx.time().Now());
      if (letter) CO_RETURN_IF_ERROR(co_await Handle(*letter));
    }
  }

 private:
  Task<absl::Status> Recover(Journal& journal, bool is_first_boot) {
    for (const Words& record : journal.TakeRecovered()) {
      if (record[0] == kName) name_ = record[1];
      if (record[0] == kStored) Store(record);
    }
    if (name_ == 0) {
      knows_nothing_ = !is_first_boot;
      ASSERT_SOMETIMES(knows_nothing_, "a node begins again without its disk");
      const auto drawn = static_cast<int64_t>(ctx_->random().Next() >> 1);
      name_ = has_bug_ ? ctx_->client_id() + 1 : drawn | 1;
      CO_RETURN_IF_ERROR(co_await journal.Append({kName, name_}));
    }
    ObserverOf<Observer>(*ctx_).OnChanged(ctx_->client_id(), elements_);
    co_return absl::OkStatus();
  }

  Task<absl::Status> Handle(const Letter& letter) {
    switch (letter.At(0)) {
      case kAdd: {
        const size_t count = elements_[name_].size();
        ASSERT_SOMETIMES(knows_nothing_,
                         "a node that lost all takes an element");
        const Words record = {kStored, name_, static_cast<int64_t>(count),
                              letter.At(1)};
        co_return co_await Save(record);
      }
      case kHave:
        co_await Tell(letter);
        break;
      case kHere: {
        const auto& known = elements_[letter.At(1)];
        // Others told of it meanwhile, or an earlier letter is late.
        if (letter.At(2) != static_cast<int64_t>(known.size())) break;
        Words record = letter.words;
        record[0] = kStored;
        co_return co_await Save(std::move(record));
      }
    }
    co_return absl::OkStatus();
  }

  Words Have() const {
    Words words = {kHave};
    for (const auto& [name, elements] : elements_) {
      words.insert(words.end(), {name, static_cast<int64_t>(elements.size())});
    }
    return words;
  }

  // What the other lacks.
  Task<void> Tell(const Letter& letter) {
    std::map<int64_t, int64_t> counts;
    for (size_t i = 1; i + 1 < letter.words.size(); i += 2) {
      counts[letter.words[i]] = letter.words[i + 1];
    }
    for (const auto& [name, elements] : elements_) {
      const int64_t count = counts[name];
      if (count >= static_cast<int64_t>(elements.size())) continue;
      ASSERT_SOMETIMES(name != name_, "a node tells of another's elements");
      Words words = {kHere, name, count};
      words.insert(words.end(),
                   elements.begin() + static_cast<ptrdiff_t>(count),
                   elements.end());
      co_await post_->Send(letter.from, std::move(words));
    }
  }

  Task<absl::Status> Save(Words record) {
    Store(record);
    CO_RETURN_IF_ERROR(co_await journal_->Append(std::move(record)));
    knows_nothing_ = false;
    ObserverOf<Observer>(*ctx_).OnChanged(ctx_->client_id(), elements_);
    co_return absl::OkStatus();
  }

  // A record that follows what is there.
  void Store(const Words& record) {
    std::vector<int64_t>& known = elements_[record[1]];
    known.insert(known.end(), record.begin() + 3, record.end());
  }

  const bool has_bug_;
  SimContext* ctx_ = nullptr;
  Journal* journal_ = nullptr;
  Post* post_ = nullptr;
  int64_t name_ = 0;  // 0: none yet
  Elements elements_;
  bool knows_nothing_ = false;  // any more
};

// Adds elements anywhere. What is not answered is not repeated.
class Client final : public Workload {
 public:
  absl::string_view name() const override { return "client"; }

  Task<absl::Status> Run(SimContext& ctx) override {
    CO_ASSIGN_OR_RETURN(Post post, co_await Post::Open(ctx));
    for (int64_t i = 1; i <= kElements; ++i) {
      co_await ctx.time().Sleep(
          ctx.random().Range(absl::ZeroDuration(), absl::Milliseconds(30)));
      const int64_t element = 100 * (ctx.client_id() + 1) + i;
      co_await post.Send(ctx.random().Pick(ctx.topology().all_process_ips()),
                         {kAdd, element});
    }
    co_return absl::OkStatus();
  }

  Task<absl::Status> Check(SimContext& ctx) override {
    const auto& observer = ObserverOf<Observer>(ctx);
    const auto are_equal = [&] { return observer.are_equal(); };
    const bool have_converged =
        co_await PollUntil(ctx, kQuietPatience, are_equal);
    ASSERT_ALWAYS(have_converged, "all replicas converge");
    co_return absl::OkStatus();
  }
};

}  // namespace

REGISTER_CAMPAIGN(crdt, "A replicated set, and disks that are lost") {
  const bool has_bug =
      params.Choice("bug", {"none", "clock-rewind"}, "what is wrong") != "none";
  SimulationBuilder builder;
  builder.Network({.latency = {absl::Microseconds(200), absl::Milliseconds(4)}})
      .Processes(
          {.count = kNodes,
           .factory = [has_bug] { return std::make_unique<Node>(has_bug); }})
      .Workloads(kClients, [](int) { return std::make_unique<Client>(); })
      .Fault([] {
        return std::make_unique<Trouble>(TroubleOptions{
            .network = {.datagram_loss = {1, 20}},
            .crash_pause =
                LatencyRange{absl::Milliseconds(20), absl::Milliseconds(120)},
            .wipe = {1, 30}});
      })
      .StopAtViolation();
  return builder;
}

}  // namespace moonpool::problems
