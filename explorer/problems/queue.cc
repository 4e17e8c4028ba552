// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// A durable queue behind one broker: two producers that repeat an item until it
// is acknowledged, one consumer that asks for the item at its position and
// waits. Items are written in batches; a consumer that waits is woken when a
// batch is durable, and asking again meanwhile changes nothing.
//
// bug=dup-after-retry: the last item of each producer is known in memory only;
// after a crash an item whose acknowledgement was lost is taken once more.
// bug=lost-wakeup: who is to be woken is decided when a batch begins; who came
// while it was written waits for the next one, or for ever.
#include <algorithm>
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
#include "explorer/problems/journal.h"
#include "explorer/problems/post.h"
#include "explorer/problems/trouble.h"
#include "providers/base/status_macros.h"
#include "providers/coro/task.h"
#include "providers/coro/wait_list.h"
#include "sim/assertions/assertions.h"
#include "sim/runner/builder.h"
#include "sim/runner/context.h"
#include "sim/runner/process.h"
#include "sim/runner/workload.h"

namespace moonpool::problems {
namespace {

enum class Bug { kNone, kDupAfterRetry, kLostWakeup };

constexpr int64_t kProducers = 2;
constexpr int64_t kItems = 6;  // of each producer
constexpr absl::Duration kPatience = absl::Milliseconds(20);
// A consumer that has not got everything by then leaves the rest to the check.
constexpr absl::Duration kRun = absl::Milliseconds(100);
constexpr absl::Duration kQuietPatience = absl::Seconds(2);

enum Kind : int64_t {
  kPut,      // producer, sequence; also a record
  kPutDone,  // sequence
  kTake,     // position
  kTaken,    // position, producer, sequence
};

struct Item {
  int64_t producer = 0;
  int64_t sequence = 0;
};

class Broker final : public Process {
 public:
  explicit Broker(Bug bug) : bug_(bug) {}
  absl::string_view name() const override { return "broker"; }

  Task<absl::Status> Run(SimContext& ctx) override {
    CO_ASSIGN_OR_RETURN(Journal journal, co_await Journal::Open(ctx.storage()));
    for (const Words& record : journal.TakeRecovered()) {
      items_.push_back({record[1], record[2]});
      if (bug_ != Bug::kDupAfterRetry) last_[record[1]] = record[2];
    }
    ASSERT_SOMETIMES(!items_.empty(), "a broker has its items back");
    CO_ASSIGN_OR_RETURN(Post post, co_await Post::Open(ctx));
    journal_ = &journal;
    post_ = &post;
    ctx.tasks().Spawn(&Broker::WriteBatches, this);
    for (;;) {
      const std::optional<Letter> letter =
          co_await post.Receive(absl::Seconds(1));
      if (letter && letter->At(0) == kPut) co_await Put(*letter);
      if (letter && letter->At(0) == kTake) co_await Take(*letter);
    }
  }

 private:
  struct Waiting {
    Item item;
    std::string producer;
  };

  Task<void> Put(const Letter& letter) {
    const Item item = {letter.At(1), letter.At(2)};
    int64_t& last = last_[item.producer];
    const bool is_known = item.sequence <= last;
    const bool is_stored =
        std::any_of(items_.begin(), items_.end(), [&item](const Item& stored) {
          return stored.producer == item.producer &&
                 stored.sequence == item.sequence;
        });
    ASSERT_SOMETIMES(is_stored, "an item comes again");
    if (is_known) {
      // What is being written is acknowledged then.
      if (is_stored)
        co_await post_->Send(letter.from, {kPutDone, letter.At(2)});
      co_return;
    }
    last = item.sequence;
    batch_.push_back({item, letter.from});
    batch_filled_.WakeAll();
  }

  Task<void> Take(const Letter& letter) {
    const auto position = static_cast<size_t>(letter.At(1));
    // It waits already, and will be woken.
    if (waiting_.contains(letter.from)) co_return;
    if (position < items_.size()) {
      co_await Deliver(letter.from, position);
      co_return;
    }
    ASSERT_SOMETIMES(is_writing_, "a consumer comes while a batch is written");
    waiting_.emplace(letter.from, position);
  }

  Task<void> WriteBatches() {
    for (;;) {
      while (batch_.empty()) co_await batch_filled_.Wait();
      const std::vector<Waiting> batch = std::exchange(batch_, {});
      std::map<std::string, size_t> woken;
      if (bug_ == Bug::kLostWakeup) woken = waiting_;
      is_writing_ = true;
      for (const Waiting& entry : batch) {
        const Words record = {kPut, entry.item.producer, entry.item.sequence};
        const absl::Status written = co_await journal_->Append(record);
        if (!written.ok()) co_return;
        items_.push_back(entry.item);
      }
      is_writing_ = false;
      for (const Waiting& entry : batch) {
        co_await post_->Send(entry.producer, {kPutDone, entry.item.sequence});
      }
      if (bug_ != Bug::kLostWakeup) woken = waiting_;
      for (const auto& [consumer, position] : woken) {
        waiting_.erase(consumer);
        co_await Deliver(consumer, position);
      }
    }
  }

  Task<void> Deliver(std::string consumer, size_t position) {
    const Item item = items_[position];
    co_await post_->Send(consumer, {kTaken, static_cast<int64_t>(position),
                                    item.producer, item.sequence});
  }

  const Bug bug_;
  Journal* journal_ = nullptr;
  Post* post_ = nullptr;
  std::vector<Item> items_;          // durable
  std::map<int64_t, int64_t> last_;  // by producer: the last sequence
  std::vector<Waiting> batch_;       // to be written next
  WaitList batch_filled_;
  bool is_writing_ = false;
  std::map<std::string, size_t> waiting_;  // consumers, and their position
};

class Producer final : public Workload {
 public:
  absl::string_view name() const override { return "producer"; }

  Task<absl::Status> Run(SimContext& ctx) override {
    CO_ASSIGN_OR_RETURN(Post post, co_await Post::Open(ctx));
    const std::string broker = ctx.topology().all_process_ips()[0];
    for (int64_t sequence = 1; sequence <= kItems; ++sequence) {
      co_await ctx.time().Sleep(
          ctx.random().Range(absl::ZeroDuration(), absl::Milliseconds(15)));
      std::optional<Letter> letter;
      do {
        ASSERT_SOMETIMES(letter.has_value(), "an old acknowledgement comes");
        co_await post.Send(broker, {kPut, ctx.client_id(), sequence});
        letter = co_await post.Receive(kPatience);
        ASSERT_SOMETIMES(!letter, "a producer repeats an item");
      } while (!letter || letter->At(1) != sequence);
    }
    co_return absl::OkStatus();
  }
};

class Consumer final : public Workload {
 public:
  absl::string_view name() const override { return "consumer"; }

  Task<absl::Status> Run(SimContext& ctx) override {
    co_return co_await Consume(ctx, kRun);
  }
  Task<absl::Status> Check(SimContext& ctx) override {
    CO_RETURN_IF_ERROR(co_await Consume(ctx, kQuietPatience));
    ASSERT_ALWAYS(has_all(), "every item is delivered in the end",
                  {"items", seen_.size()});
    co_return absl::OkStatus();
  }

 private:
  bool has_all() const { return seen_.size() == kProducers * kItems; }

  Task<absl::Status> Consume(SimContext& ctx, absl::Duration patience) {
    CO_ASSIGN_OR_RETURN(Post post, co_await Post::Open(ctx));
    const std::string broker = ctx.topology().all_process_ips()[0];
    const absl::Duration end = ctx.time().Now() + patience;
    while (!has_all() && ctx.time().Now() < end) {
      co_await post.Send(broker, {kTake, position_});
      const std::optional<Letter> letter = co_await post.Receive(kPatience);
      if (!letter || letter->At(1) != position_) continue;
      ++position_;
      const bool is_new = seen_.insert({letter->At(2), letter->At(3)}).second;
      ASSERT_ALWAYS(is_new, "an item is delivered once",
                    {"producer", letter->At(2)}, {"sequence", letter->At(3)});
    }
    co_return absl::OkStatus();
  }

  int64_t position_ = 0;
  std::set<std::pair<int64_t, int64_t>> seen_;
};

}  // namespace

REGISTER_CAMPAIGN(queue, "A durable queue with retries and waiting consumers") {
  const std::string name = params.Choice(
      "bug", {"none", "dup-after-retry", "lost-wakeup"}, "what is wrong");
  const Bug bug = name == "dup-after-retry" ? Bug::kDupAfterRetry
                  : name == "lost-wakeup"   ? Bug::kLostWakeup
                                            : Bug::kNone;
  SimulationBuilder builder;
  builder
      .Processes({.factory = [bug] { return std::make_unique<Broker>(bug); }})
      .Workloads(kProducers, [](int) { return std::make_unique<Producer>(); })
      .Workloads(1, [](int) { return std::make_unique<Consumer>(); })
      .Fault([] {
        return std::make_unique<Trouble>(TroubleOptions{
            .network = {.datagram_loss = {1, 50}},
            .crash_pause =
                LatencyRange{absl::Milliseconds(10), absl::Milliseconds(300)}});
      })
      .StopAtViolation();
  return builder;
}

}  // namespace moonpool::problems
