// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "explorer/problems/replica.h"

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
#include "explorer/problems/journal.h"
#include "explorer/problems/observer.h"
#include "explorer/problems/post.h"
#include "providers/base/status_macros.h"
#include "providers/coro/task.h"
#include "sim/assertions/assertions.h"
#include "sim/checkers/history.h"
#include "sim/checkers/linearizability.h"
#include "sim/checkers/models.h"
#include "sim/runner/context.h"
#include "sim/runner/process.h"
#include "sim/runner/workload.h"

namespace moonpool::problems {
namespace {

constexpr int kReplicas = 3;
constexpr size_t kMajority = 2;
constexpr int kClients = 2;
constexpr absl::Duration kHeartbeat = absl::Milliseconds(10);
constexpr absl::Duration kElectionMin = absl::Milliseconds(30);
constexpr absl::Duration kElectionMax = absl::Milliseconds(60);
constexpr absl::Duration kPatience = absl::Milliseconds(40);
constexpr int kTries = 6;  // of an operation that no leader has taken

enum Kind : int64_t {
  kRequestVote,  // term, last term, length
  kVote,         // term
  kAppend,       // term, committed length, then term and value of each entry
  kAppended,     // term, length
  kOperate,      // number, value to write or 0 to read
  kDone,         // number, value read
  kNotLeader,    // number, leader or -1
  // Records.
  kTerm,     // term, vote
  kEntries,  // index of the first, then term and value of each
};

struct Entry {
  int64_t term = 0;
  int64_t value = 0;  // 0: a read, or a leader's first entry
  friend bool operator==(const Entry&, const Entry&) = default;
};

// Holds the properties. Draws nothing, sends nothing.
class Observer {
 public:
  void OnCommitted(size_t index, const Entry& entry) {
    if (index == committed_.size()) committed_.push_back(entry);
    ASSERT_ALWAYS(committed_[index] == entry, "a committed entry stays",
                  {"index", index}, {"was", committed_[index].value},
                  {"is", entry.value});
  }
  void OnBoot(size_t length) const {
    const size_t behind =
        committed_.size() - std::min(committed_.size(), length);
    ASSERT_SOMETIMES_EACH("a replica boots with a log behind",
                          {{"entries", std::min<size_t>(behind, 3)}});
  }
  void OnElected(int64_t term, size_t length) const {
    const size_t behind =
        committed_.size() - std::min(committed_.size(), length);
    ASSERT_SOMETIMES_EACH("a leader is elected",
                          {{"term", std::min<int64_t>(term, 6)},
                           {"behind", std::min<size_t>(behind, 2)}});
  }

  HistoryRecorder<RegisterModel> history;

 private:
  std::vector<Entry> committed_;
};

class Replica final : public Process {
 public:
  explicit Replica(ReplicaFault fault) : fault_(fault) {}
  absl::string_view name() const override { return "replica"; }

  Task<absl::Status> Run(SimContext& ctx) override {
    ctx_ = &ctx;
    observer_ = &ObserverOf<Observer>(ctx);
    CO_ASSIGN_OR_RETURN(Journal journal, co_await Journal::Open(ctx.storage()));
    Recover(journal);
    CO_ASSIGN_OR_RETURN(Post post, co_await Post::Open(ctx));
    journal_ = &journal;
    post_ = &post;
    Hear();
    for (;;) {
      const std::optional<Letter> letter =
          co_await post.Receive(due_ - ctx.time().Now());
      if (letter) CO_RETURN_IF_ERROR(co_await Handle(*letter));
      if (due_ > ctx.time().Now()) continue;
      if (is_leader_) {
        co_await Replicate();
      } else {
        CO_RETURN_IF_ERROR(co_await Campaign());
      }
    }
  }

 private:
  struct Waiting {
    std::string client;
    int64_t number;
  };

  void Recover(Journal& journal) {
    for (const Words& record : journal.TakeRecovered()) {
      if (record[0] == kTerm) {
        term_ = record[1];
        vote_ = record[2];
        continue;
      }
      log_.resize(static_cast<size_t>(record[1]));
      for (size_t i = 2; i + 1 < record.size(); i += 2) {
        log_.push_back({record[i], record[i + 1]});
      }
    }
    observer_->OnBoot(log_.size());
  }

  // Waits anew for the leader.
  void Hear() {
    due_ =
        ctx_->time().Now() + ctx_->random().Range(kElectionMin, kElectionMax);
  }

  Task<absl::Status> SaveTerm(int64_t term, int64_t vote) {
    term_ = term;
    vote_ = vote;
    is_leader_ = false;
    votes_ = 0;
    waiting_.clear();
    co_return co_await journal_->Append({kTerm, term, vote});
  }

  // Entries from index on, which replace what stands there.
  Task<absl::Status> SaveEntries(size_t index, std::vector<Entry> entries,
                                 bool is_synced) {
    Words record = {kEntries, static_cast<int64_t>(index)};
    for (const Entry& entry : entries) {
      record.insert(record.end(), {entry.term, entry.value});
    }
    log_.resize(index);
    log_.insert(log_.end(), entries.begin(), entries.end());
    if (!is_synced) co_return co_await journal_->AppendUnsynced(record);
    co_return co_await journal_->Append(record);
  }

  Task<absl::Status> Campaign() {
    Hear();
    CO_RETURN_IF_ERROR(co_await SaveTerm(term_ + 1, ctx_->client_id()));
    votes_ = uint64_t{1} << ctx_->client_id();
    co_await Tell({kRequestVote, term_, LastTerm(), Length()});
    co_return absl::OkStatus();
  }

  Task<absl::Status> Handle(const Letter& letter) {
    if (letter.At(0) == kOperate) co_return co_await Operate(letter);
    const int64_t term = letter.At(1);
    if (term > term_) CO_RETURN_IF_ERROR(co_await SaveTerm(term, -1));
    const int from = IndexOf(*ctx_, letter.from);
    switch (letter.At(0)) {
      case kRequestVote:
        if (term == term_) co_return co_await Vote(letter, from);
        break;
      case kVote:
        if (term != term_ || is_leader_ || votes_ == 0) break;
        votes_ |= uint64_t{1} << from;
        if (__builtin_popcountll(votes_) >= static_cast<int>(kMajority)) {
          co_return co_await Lead();
        }
        break;
      case kAppend:
        if (term == term_) co_return co_await Follow(letter);
        break;
      case kAppended:
        if (term != term_ || !is_leader_) break;
        acked_[static_cast<size_t>(from)] =
            std::max(acked_[static_cast<size_t>(from)], letter.At(2));
        co_await Advance();
        break;
    }
    co_return absl::OkStatus();
  }

  Task<absl::Status> Vote(const Letter& letter, int from) {
    const bool is_complete = std::pair(letter.At(2), letter.At(3)) >=
                             std::pair(LastTerm(), Length());
    ASSERT_SOMETIMES(!is_complete, "a candidate lacks entries");
    if (!is_complete || (vote_ != -1 && vote_ != from)) {
      co_return absl::OkStatus();
    }
    Hear();
    if (vote_ == -1) CO_RETURN_IF_ERROR(co_await SaveTerm(term_, from));
    co_await post_->Send(letter.from, {kVote, term_});
    co_return absl::OkStatus();
  }

  Task<absl::Status> Lead() {
    observer_->OnElected(term_, log_.size());
    is_leader_ = true;
    acked_ = {};
    co_return co_await Add(0);
  }

  Task<absl::Status> Add(int64_t value) {
    const std::vector<Entry> entry = {{term_, value}};
    CO_RETURN_IF_ERROR(co_await SaveEntries(log_.size(), entry, true));
    acked_[static_cast<size_t>(ctx_->client_id())] = Length();
    co_await Replicate();
    co_return absl::OkStatus();
  }

  Task<void> Replicate() {
    due_ = ctx_->time().Now() + kHeartbeat;
    Words words = {kAppend, term_, static_cast<int64_t>(committed_)};
    for (const Entry& entry : log_) {
      words.insert(words.end(), {entry.term, entry.value});
    }
    co_await Tell(std::move(words));
  }

  Task<absl::Status> Follow(const Letter& letter) {
    Hear();
    std::vector<Entry> log;
    for (size_t i = 3; i + 1 < letter.words.size(); i += 2) {
      log.push_back({letter.words[i], letter.words[i + 1]});
    }
    size_t same = 0;
    while (same < std::min(log.size(), log_.size()) &&
           log[same] == log_[same]) {
      ++same;
    }
    if (same < log.size()) {
      ASSERT_SOMETIMES(same < log_.size(), "a replica cuts off entries");
      std::vector<Entry> rest(log.begin() + static_cast<ptrdiff_t>(same),
                              log.end());
      const bool is_synced = fault_ != ReplicaFault::kUnsyncedAck;
      CO_RETURN_IF_ERROR(
          co_await SaveEntries(same, std::move(rest), is_synced));
    }
    Commit(std::min(static_cast<size_t>(letter.At(2)), log.size()));
    co_await post_->Send(letter.from,
                         {kAppended, term_, static_cast<int64_t>(log.size())});
    co_return absl::OkStatus();
  }

  // The leader: what a majority has, up to an entry of this term, is committed.
  Task<void> Advance() {
    std::array<int64_t, kReplicas> acked = acked_;
    std::sort(acked.begin(), acked.end());
    const auto length = static_cast<size_t>(acked[kReplicas - kMajority]);
    if (length <= committed_ || log_[length - 1].term != term_) co_return;
    const size_t before = committed_;
    Commit(length);
    for (size_t index = before; index < length; ++index) {
      const auto at = waiting_.find(index);
      if (at == waiting_.end()) continue;
      const Waiting done = at->second;
      waiting_.erase(at);
      co_await post_->Send(done.client, {kDone, done.number, ValueAt(index)});
    }
  }

  void Commit(size_t length) {
    for (; committed_ < length; ++committed_) {
      observer_->OnCommitted(committed_, log_[committed_]);
    }
  }

  // The register after entry index.
  int64_t ValueAt(size_t index) const {
    while (log_[index].value == 0 && index > 0) --index;
    return log_[index].value;
  }

  Task<absl::Status> Operate(const Letter& letter) {
    const int64_t value = letter.At(2);
    if (!is_leader_) {
      co_await post_->Send(letter.from, {kNotLeader, letter.At(1)});
      co_return absl::OkStatus();
    }
    if (value == 0 && fault_ == ReplicaFault::kStaleRead) {
      const int64_t read = committed_ == 0 ? 0 : ValueAt(committed_ - 1);
      co_await post_->Send(letter.from, {kDone, letter.At(1), read});
      co_return absl::OkStatus();
    }
    waiting_[log_.size()] = {letter.from, letter.At(1)};
    co_return co_await Add(value);
  }

  int64_t Length() const { return static_cast<int64_t>(log_.size()); }
  int64_t LastTerm() const { return log_.empty() ? 0 : log_.back().term; }

  Task<void> Tell(Words words) {
    for (const std::string& ip : ctx_->topology().all_process_ips()) {
      if (ip != ctx_->my_ip()) co_await post_->Send(ip, words);
    }
  }

  const ReplicaFault fault_;
  SimContext* ctx_ = nullptr;
  Observer* observer_ = nullptr;
  Journal* journal_ = nullptr;
  Post* post_ = nullptr;

  // Durable.
  int64_t term_ = 0;
  int64_t vote_ = -1;
  std::vector<Entry> log_;

  absl::Duration due_;  // a heartbeat, or an election
  uint64_t votes_ = 0;  // bit i: replica i's; 0: no candidate
  bool is_leader_ = false;
  size_t committed_ = 0;
  std::array<int64_t, kReplicas> acked_ = {};
  std::map<size_t, Waiting> waiting_;  // by the entry
};

// Writes unique values and reads. What has no answer is unknown: an operation
// is never repeated once a leader may have taken it.
class Client final : public Workload {
 public:
  explicit Client(const ReplicaOptions& options) : options_(options) {}
  absl::string_view name() const override { return "client"; }

  Task<absl::Status> Run(SimContext& ctx) override {
    CO_ASSIGN_OR_RETURN(Post post, co_await Post::Open(ctx));
    Observer& observer = ObserverOf<Observer>(ctx);
    size_t target = ctx.random().Below(kReplicas);
    for (int64_t i = 1; i <= options_.operations; ++i) {
      co_await ctx.time().Sleep(
          ctx.random().Range(absl::ZeroDuration(), options_.pause_max));
      const bool is_read = options_.has_reader ? ctx.client_id() == 0
                                               : ctx.random().Chance({1, 2});
      const int64_t value = is_read ? 0 : 100 * (ctx.client_id() + 1) + i;
      const OperationId id = observer.history.Invoke(
          ctx.client_id(),
          is_read ? RegisterModel::Read() : RegisterModel::Write(value));
      bool may_have_happened = false;
      std::optional<Letter> letter;
      for (int tries = 0; tries < kTries; ++tries) {
        const Words request = {kOperate, ++number_, value};
        co_await post.Send(ctx.topology().all_process_ips()[target], request);
        do {
          letter = co_await post.Receive(kPatience);
        } while (letter && letter->At(1) != number_);
        may_have_happened = !letter || letter->At(0) == kDone;
        if (may_have_happened) break;
        target = (target + 1) % kReplicas;
        co_await ctx.time().Sleep(kHeartbeat);
      }
      ASSERT_SOMETIMES(letter && letter->At(0) == kDone, "a replica answers");
      ASSERT_SOMETIMES(!letter, "no replica answers");
      if (letter && letter->At(0) == kDone) {
        observer.history.Complete(id, {.value = letter->At(2)});
      } else if (may_have_happened && !is_read) {
        observer.history.Unknown(id);
      } else {
        observer.history.Fail(id);
      }
      if (!letter) target = ctx.random().Below(kReplicas);
    }
    co_return absl::OkStatus();
  }

  Task<absl::Status> Check(SimContext& ctx) override {
    if (ctx.client_id() != 0) co_return absl::OkStatus();
    const CheckResult result =
        CheckLinearizable(ObserverOf<Observer>(ctx).history.operations());
    ASSERT_ALWAYS(result.verdict != Verdict::kViolation,
                  "a replicated register is linearizable",
                  {"why", result.text});
    co_return absl::OkStatus();
  }

 private:
  const ReplicaOptions options_;
  int64_t number_ = 0;
};

}  // namespace

SimulationBuilder MakeReplicas(const ReplicaOptions& options,
                               const TroubleOptions& trouble) {
  SimulationBuilder builder;
  builder
      .Processes({.count = kReplicas,
                  .factory =
                      [fault = options.fault] {
                        return std::make_unique<Replica>(fault);
                      }})
      .Workloads(kClients,
                 [options](int) { return std::make_unique<Client>(options); })
      .Network({.latency = {absl::Microseconds(200), absl::Milliseconds(2)}})
      .Fault([trouble] { return std::make_unique<Trouble>(trouble); })
      .StopAtViolation();
  return builder;
}

}  // namespace moonpool::problems
