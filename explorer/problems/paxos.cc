// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Single-decree Paxos: three nodes, each a proposer and an acceptor, that lose
// letters, crash and come back with what they synced.
//
// bug=own-value: a proposer that has once proposed a value keeps to it in later
// ballots, though an acceptor has accepted another one.
// bug=ballot-reuse: a proposer does not sync its round before it uses it, and
// after a crash proposes another value with the same ballot.
// bug=promise-ignored: an acceptor does not sync its promise, and after a crash
// accepts an older ballot.
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

enum class Bug { kNone, kOwnValue, kBallotReuse, kPromiseIgnored };

constexpr int kNodes = 3;
constexpr size_t kMajority = kNodes / 2 + 1;
// A proposer without success tries again after a pause from this range.
constexpr absl::Duration kRetryMin = absl::Milliseconds(10);
constexpr absl::Duration kRetryMax = absl::Milliseconds(50);
constexpr absl::Duration kRun = absl::Milliseconds(300);
constexpr absl::Duration kQuietPatience = absl::Seconds(5);

enum Kind : int64_t {
  kPrepare,   // ballot
  kPromise,   // ballot, accepted ballot or 0, its value
  kAccept,    // ballot, value
  kAccepted,  // ballot
  kRefuse,    // ballot, promised ballot
  kLearn,     // value
  // Records.
  kRound,     // round
  kAcceptor,  // promised, accepted ballot, its value
};

// Sees every acceptor's acceptances: a value is chosen when a majority has
// accepted it with one ballot. Marks what may go wrong around a crash: what the
// disk must remember, and letters from before it. Draws nothing, sends nothing.
class Observer {
 public:
  void OnAccepted(int node, int64_t ballot, int64_t value) {
    seat(node).accepted = ballot;
    std::set<int>& nodes = accepted_[{ballot, value}];
    nodes.insert(node);
    values_.insert(value);
    ASSERT_SOMETIMES_EACH("a ballot is accepted",
                          {{"acceptors", nodes.size()},
                           {"ballots", std::min<size_t>(accepted_.size(), 4)},
                           {"values", std::min<size_t>(values_.size(), 3)}});
    if (nodes.size() < kMajority) return;
    chosen_.insert(value);
    ASSERT_ALWAYS(chosen_.size() <= 1, "one value is chosen",
                  {"one", *chosen_.begin()}, {"another", *chosen_.rbegin()});
  }
  bool is_chosen() const { return !chosen_.empty(); }
  void OnLearnt(int node, int64_t value) {
    learnt_[static_cast<size_t>(node)] = value;
    ASSERT_ALWAYS(chosen_.contains(value), "what is learnt was chosen",
                  {"value", value});
  }
  void OnBoot(int node) {
    Seat& seat = this->seat(node);
    learnt_[static_cast<size_t>(node)] = 0;
    if (seat.promised > 0 || seat.ballot > 0) {
      ASSERT_SOMETIMES_EACH(
          "a node comes back",
          {{"promised more than it accepted", seat.promised > seat.accepted},
           {"its ballot has acceptors",
            seat.ballot == 0 ? -1 : AcceptorsOf(seat.ballot)}});
    }
    seat.has_crashed_since_promise = seat.promised > 0;
    seat.crashed_ballot = seat.ballot;
  }
  void OnBallot(int node, int64_t ballot) { seat(node).ballot = ballot; }
  // A letter asks node for its promise, or to accept.
  void OnAsked(int node, int64_t ballot, bool is_accept) {
    Seat& seat = this->seat(node);
    if (ballot < seat.promised) {
      ASSERT_SOMETIMES_EACH(
          "an older ballot asks",
          {{"to accept", is_accept},
           {"after a crash since the promise", seat.has_crashed_since_promise},
           {"has acceptors", AcceptorsOf(ballot)}});
    } else if (ballot > seat.promised) {
      seat.promised = ballot;
      seat.has_crashed_since_promise = false;
    }
    const Seat& proposer = this->seat(static_cast<int>(ballot % kNodes));
    if (is_accept && ballot <= proposer.crashed_ballot) {
      ASSERT_SOMETIMES_EACH("a ballot outlives its proposer",
                            {{"acceptors", AcceptorsOf(ballot)}});
    }
  }
  bool all_learnt() const {
    return std::count(learnt_.begin(), learnt_.end(), 0) == 0;
  }

 private:
  struct Seat {
    int64_t promised = 0;
    bool has_crashed_since_promise = false;
    int64_t accepted = 0;
    int64_t ballot = 0;          // the last that it began
    int64_t crashed_ballot = 0;  // the last before its last crash
  };

  Seat& seat(int node) { return seats_[static_cast<size_t>(node)]; }
  int AcceptorsOf(int64_t ballot) const {
    size_t most = 0;
    for (const auto& [key, nodes] : accepted_) {
      if (key.first == ballot) most = std::max(most, nodes.size());
    }
    return static_cast<int>(most);
  }

  std::array<Seat, kNodes> seats_;
  std::map<std::pair<int64_t, int64_t>, std::set<int>> accepted_;
  std::set<int64_t> values_;
  std::set<int64_t> chosen_;
  std::array<int64_t, kNodes> learnt_ = {};
};

class Node final : public Process {
 public:
  explicit Node(Bug bug) : bug_(bug) {}
  absl::string_view name() const override { return "node"; }

  Task<absl::Status> Run(SimContext& ctx) override {
    ctx_ = &ctx;
    observer_ = &ObserverOf<Observer>(ctx);
    observer_->OnBoot(ctx.client_id());
    CO_ASSIGN_OR_RETURN(Journal journal, co_await Journal::Open(ctx.storage()));
    Recover(journal);
    CO_ASSIGN_OR_RETURN(Post post, co_await Post::Open(ctx));
    journal_ = &journal;
    post_ = &post;
    own_value_ = static_cast<int64_t>(ctx.random().Below(1000)) * kNodes +
                 ctx.client_id() + 1;
    absl::Duration next_try = ctx.time().Now() + Pause();
    for (;;) {
      const std::optional<Letter> letter =
          co_await post.Receive(next_try - ctx.time().Now());
      if (letter) CO_RETURN_IF_ERROR(co_await Handle(*letter));
      if (next_try > ctx.time().Now()) continue;
      next_try = ctx.time().Now() + Pause();
      if (learnt_ == 0) CO_RETURN_IF_ERROR(co_await Propose());
    }
  }

 private:
  absl::Duration Pause() { return ctx_->random().Range(kRetryMin, kRetryMax); }

  void Recover(Journal& journal) {
    for (const Words& record : journal.TakeRecovered()) {
      if (record[0] == kRound) {
        round_ = record[1];
      } else {
        promised_ = record[1];
        accepted_ = record[2];
        accepted_value_ = record[3];
      }
    }
    ASSERT_SOMETIMES(accepted_ > 0, "an acceptor has its acceptance back");
  }

  Task<absl::Status> Propose() {
    ++round_;
    if (bug_ != Bug::kBallotReuse) {
      CO_RETURN_IF_ERROR(co_await journal_->Append({kRound, round_}));
    }
    ballot_ = round_ * kNodes + ctx_->client_id();
    observer_->OnBallot(ctx_->client_id(), ballot_);
    promises_.clear();
    highest_ = 0;
    value_ = 0;
    ASSERT_SOMETIMES(observer_->is_chosen(), "a proposer comes too late");
    co_await Tell({kPrepare, ballot_});
    co_return absl::OkStatus();
  }

  Task<absl::Status> Handle(const Letter& letter) {
    switch (letter.At(0)) {
      case kPrepare:
      case kAccept:
        if (learnt_ != 0) {
          co_await post_->Send(letter.from, {kLearn, learnt_});
        }
        co_return co_await Answer(letter);
      case kPromise:
        co_return co_await OnPromise(letter);
      case kAccepted:
        if (letter.At(1) != ballot_ || value_ == 0) break;
        accepts_.insert(letter.from);
        if (accepts_.size() < kMajority || learnt_ != 0) break;
        co_await Learn(value_);
        co_await Tell({kLearn, value_});
        break;
      case kRefuse:
        ASSERT_SOMETIMES(letter.At(1) == ballot_, "a proposer is refused");
        round_ = std::max(round_, letter.At(2) / kNodes);
        break;
      case kLearn:
        if (learnt_ == 0) co_await Learn(letter.At(1));
        break;
    }
    co_return absl::OkStatus();
  }

  // The acceptor.
  Task<absl::Status> Answer(const Letter& letter) {
    const int64_t ballot = letter.At(1);
    observer_->OnAsked(ctx_->client_id(), ballot, letter.At(0) == kAccept);
    if (ballot < promised_) {
      co_await post_->Send(letter.from, {kRefuse, ballot, promised_});
      co_return absl::OkStatus();
    }
    // The same ballot again: its answer was lost.
    const bool is_new = ballot > promised_;
    promised_ = ballot;
    if (letter.At(0) == kPrepare) {
      if (is_new && bug_ != Bug::kPromiseIgnored) {
        CO_RETURN_IF_ERROR(co_await Save());
      }
      co_await post_->Send(letter.from,
                           {kPromise, ballot, accepted_, accepted_value_});
    } else {
      accepted_ = ballot;
      accepted_value_ = letter.At(2);
      CO_RETURN_IF_ERROR(co_await Save());
      observer_->OnAccepted(ctx_->client_id(), ballot, accepted_value_);
      co_await post_->Send(letter.from, {kAccepted, ballot});
    }
    co_return absl::OkStatus();
  }

  Task<absl::Status> Save() {
    const Words record = {kAcceptor, promised_, accepted_, accepted_value_};
    co_return co_await journal_->Append(record);
  }

  Task<absl::Status> OnPromise(const Letter& letter) {
    if (letter.At(1) != ballot_ || value_ != 0 || learnt_ != 0) {
      co_return absl::OkStatus();
    }
    promises_.insert(letter.from);
    if (letter.At(2) > highest_) {
      highest_ = letter.At(2);
      highest_value_ = letter.At(3);
    }
    if (promises_.size() < kMajority) co_return absl::OkStatus();
    ASSERT_SOMETIMES(highest_ > 0, "a proposer meets an accepted value");
    value_ = highest_ > 0 ? highest_value_ : own_value_;
    if (bug_ == Bug::kOwnValue && proposed_ != 0) value_ = proposed_;
    proposed_ = value_;
    accepts_.clear();
    co_await Tell({kAccept, ballot_, value_});
    co_return absl::OkStatus();
  }

  Task<void> Learn(int64_t value) {
    learnt_ = value;
    observer_->OnLearnt(ctx_->client_id(), value);
    co_return;
  }

  Task<void> Tell(Words words) {
    for (const std::string& ip : ctx_->topology().all_process_ips()) {
      co_await post_->Send(ip, words);
    }
  }

  const Bug bug_;
  SimContext* ctx_ = nullptr;
  Observer* observer_ = nullptr;
  Journal* journal_ = nullptr;
  Post* post_ = nullptr;
  int64_t learnt_ = 0;  // 0: nothing yet; volatile, others know

  // Acceptor.
  int64_t promised_ = 0;
  int64_t accepted_ = 0;
  int64_t accepted_value_ = 0;

  // Proposer: the ballot that it is working on.
  int64_t round_ = 0;
  int64_t own_value_ = 0;
  int64_t ballot_ = 0;
  std::set<std::string> promises_;
  int64_t highest_ = 0;
  int64_t highest_value_ = 0;
  int64_t value_ = 0;     // 0: not proposed yet
  int64_t proposed_ = 0;  // in an earlier ballot
  std::set<std::string> accepts_;
};

// Waits for the end; the nodes have work enough with each other.
class Audience final : public Workload {
 public:
  absl::string_view name() const override { return "audience"; }

  Task<absl::Status> Run(SimContext& ctx) override {
    const auto& observer = ObserverOf<Observer>(ctx);
    const auto all_learnt = [&] { return observer.all_learnt(); };
    const bool are_done = co_await PollUntil(ctx, kRun, all_learnt);
    ASSERT_SOMETIMES(are_done, "all learn in time");
    co_return absl::OkStatus();
  }

  Task<absl::Status> Check(SimContext& ctx) override {
    const auto& observer = ObserverOf<Observer>(ctx);
    const auto all_learnt = [&] { return observer.all_learnt(); };
    const bool are_done = co_await PollUntil(ctx, kQuietPatience, all_learnt);
    ASSERT_ALWAYS(are_done, "all learn in the end");
    co_return absl::OkStatus();
  }
};

}  // namespace

REGISTER_CAMPAIGN(paxos, "Single-decree Paxos on three nodes") {
  const std::string name = params.Choice(
      "bug", {"none", "own-value", "ballot-reuse", "promise-ignored"},
      "what is wrong");
  const Bug bug = name == "own-value"         ? Bug::kOwnValue
                  : name == "ballot-reuse"    ? Bug::kBallotReuse
                  : name == "promise-ignored" ? Bug::kPromiseIgnored
                                              : Bug::kNone;
  SimulationBuilder builder;
  builder.Network({.latency = {absl::Microseconds(200), absl::Milliseconds(4)}})
      .Processes({.count = kNodes,
                  .factory = [bug] { return std::make_unique<Node>(bug); }})
      .Workload(std::make_unique<Audience>())
      .Fault([] {
        return std::make_unique<Trouble>(TroubleOptions{
            .network = {.datagram_loss = {1, 20}, .datagram_reorder = {1, 4}},
            .crash_pause =
                LatencyRange{absl::Milliseconds(2), absl::Milliseconds(25)},
            .down = {absl::Milliseconds(1), absl::Milliseconds(20)}});
      })
      .StopAtViolation();
  return builder;
}

}  // namespace moonpool::problems
