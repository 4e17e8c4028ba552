// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// A counter on a primary and its backup. The primary answers an addition once
// the backup has it, and after a crash has its state back from there. Clients
// repeat a request until they are answered; the primary knows the last one of
// each client by its sequence number.
//
// bug=retry-not-deduplicated: a request that has been carried out is carried
// out again when its answer was lost.
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

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

constexpr int kClients = 2;
constexpr int64_t kAdditions = 5;  // of each client
constexpr absl::Duration kPatience = absl::Milliseconds(20);
constexpr absl::Duration kResend = absl::Milliseconds(5);

enum Kind : int64_t {
  kAdd,      // client, sequence
  kAdded,    // sequence, sum
  kUpdate,   // state: primary to backup, and backup to a new primary
  kUpdated,  // version
  kFetch,    // a new primary asks for the state
  kRead,     // at the end
  kSum,      // sum
};

// What both servers hold.
struct State {
  struct Done {
    int64_t sequence = 0;
    int64_t sum = 0;  // after it
  };
  int64_t version = 0;  // additions so far, those done twice included
  int64_t sum = 0;
  std::map<int64_t, Done> done;  // by client: its last addition

  Words ToWords() const {
    Words words = {kUpdate, version, sum};
    for (const auto& [client, last] : done) {
      words.insert(words.end(), {client, last.sequence, last.sum});
    }
    return words;
  }
  static State Of(const Letter& letter) {
    State state = {.version = letter.At(1), .sum = letter.At(2)};
    for (size_t i = 3; i + 2 < letter.words.size(); i += 3) {
      state.done[letter.words[i]] = {letter.words[i + 1], letter.words[i + 2]};
    }
    return state;
  }
};

class Backup final : public Process {
 public:
  absl::string_view name() const override { return "backup"; }
  Task<absl::Status> Run(SimContext& ctx) override {
    CO_ASSIGN_OR_RETURN(Post post, co_await Post::Open(ctx));
    for (;;) {
      const std::optional<Letter> letter =
          co_await post.Receive(absl::Seconds(1));
      if (!letter) continue;
      if (letter->At(0) == kUpdate) {
        State update = State::Of(*letter);
        if (update.version > state_.version) state_ = std::move(update);
        co_await post.Send(letter->from, {kUpdated, state_.version});
      } else if (letter->At(0) == kFetch) {
        co_await post.Send(letter->from, state_.ToWords());
      }
    }
  }

 private:
  State state_;  // this machine does not crash
};

class Primary final : public Process {
 public:
  explicit Primary(bool deduplicates) : deduplicates_(deduplicates) {}
  absl::string_view name() const override { return "primary"; }

  Task<absl::Status> Run(SimContext& ctx) override {
    CO_ASSIGN_OR_RETURN(Post post, co_await Post::Open(ctx));
    backup_ = ctx.topology().all_process_ips()[1];
    while (!is_recovered_) {
      co_await post.Send(backup_, {kFetch});
      const std::optional<Letter> letter = co_await post.Receive(kResend);
      if (!letter || letter->At(0) != kUpdate) continue;
      state_ = State::Of(*letter);
      is_recovered_ = true;
    }
    ASSERT_SOMETIMES(state_.version > 0, "a primary has its state back");
    backed_up_ = state_.version;
    for (;;) {
      const std::optional<Letter> letter = co_await post.Receive(kResend);
      if (letter) {
        co_await Handle(post, *letter);
      } else if (backed_up_ < state_.version) {
        ASSERT_REACHABLE("an update is sent again");
        co_await post.Send(backup_, state_.ToWords());
      }
    }
  }

 private:
  struct Waiting {
    std::string client;
    int64_t sequence;
    int64_t sum;
  };

  Task<void> Handle(Post& post, const Letter& letter) {
    if (letter.At(0) == kAdd) {
      Add(letter);
      co_await post.Send(backup_, state_.ToWords());
    } else if (letter.At(0) == kRead) {
      co_await post.Send(letter.from, {kSum, state_.sum});
    } else if (letter.At(0) == kUpdated && letter.At(1) > backed_up_) {
      backed_up_ = letter.At(1);
    }
    while (!waiting_.empty() && waiting_.begin()->first <= backed_up_) {
      const Waiting answer = waiting_.begin()->second;
      waiting_.erase(waiting_.begin());
      co_await post.Send(answer.client, {kAdded, answer.sequence, answer.sum});
    }
  }

  void Add(const Letter& letter) {
    State::Done& last = state_.done[letter.At(1)];
    const int64_t sequence = letter.At(2);
    const bool is_done = sequence <= last.sequence;
    ASSERT_SOMETIMES(is_done, "a request comes a second time");
    ASSERT_SOMETIMES(is_done && backed_up_ == state_.version,
                     "a request whose answer was lost comes again");
    if (sequence < last.sequence) return;
    if (!is_done || !deduplicates_) {
      ++state_.version;
      ++state_.sum;
      last = {.sequence = sequence, .sum = state_.sum};
    }
    // Every version so far contains it, or is it.
    waiting_.emplace(state_.version, Waiting{letter.from, sequence, last.sum});
  }

  const bool deduplicates_;
  std::string backup_;
  State state_;
  bool is_recovered_ = false;
  int64_t backed_up_ = 0;
  std::multimap<int64_t, Waiting> waiting_;  // by the version that must be safe
};

class Client final : public Workload {
 public:
  absl::string_view name() const override { return "client"; }

  Task<absl::Status> Run(SimContext& ctx) override {
    CO_ASSIGN_OR_RETURN(Post post, co_await Post::Open(ctx));
    const std::string primary = ctx.topology().all_process_ips()[0];
    for (int64_t sequence = 1; sequence <= kAdditions; ++sequence) {
      co_await ctx.time().Sleep(
          ctx.random().Range(absl::ZeroDuration(), absl::Milliseconds(10)));
      const Words request = {kAdd, ctx.client_id(), sequence};
      co_await post.Send(primary, request);
      std::optional<Letter> letter = co_await post.Receive(kPatience);
      while (!letter || letter->At(1) != sequence) {
        if (!letter) {
          ASSERT_REACHABLE("a client repeats its request");
          co_await post.Send(primary, request);
        }
        letter = co_await post.Receive(kPatience);
      }
      ASSERT_ALWAYS_LESS_THAN_OR_EQUAL_TO(letter->At(2), kClients * kAdditions,
                                          "no answer is above all additions");
    }
    co_return absl::OkStatus();
  }

  Task<absl::Status> Check(SimContext& ctx) override {
    if (ctx.client_id() != 0) co_return absl::OkStatus();
    CO_ASSIGN_OR_RETURN(Post post, co_await Post::Open(ctx));
    std::optional<Letter> letter;
    while (!letter || letter->At(0) != kSum) {
      co_await post.Send(ctx.topology().all_process_ips()[0], {kRead});
      letter = co_await post.Receive(kPatience);
    }
    ASSERT_ALWAYS(letter->At(1) == kClients * kAdditions,
                  "each addition takes effect once", {"sum", letter->At(1)});
    co_return absl::OkStatus();
  }
};

}  // namespace

REGISTER_CAMPAIGN(register, "A counter with a backup, and clients that retry") {
  const bool has_bug = params.Choice("bug", {"none", "retry-not-deduplicated"},
                                     "what is wrong") != "none";
  SimulationBuilder builder;
  builder
      .Processes(
          {.factory =
               [has_bug] { return std::make_unique<Primary>(!has_bug); }})
      .Processes({.factory = [] { return std::make_unique<Backup>(); }})
      .Workloads(kClients, [](int) { return std::make_unique<Client>(); })
      .Fault([] {
        return std::make_unique<Trouble>(TroubleOptions{
            .network = {.datagram_loss = {1, 25}},
            .crash_pause =
                LatencyRange{absl::Milliseconds(20), absl::Milliseconds(400)},
            .victims = {0}});
      })
      .StopAtViolation();
  return builder;
}

}  // namespace moonpool::problems
