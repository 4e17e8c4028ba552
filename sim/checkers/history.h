// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// History: what concurrent clients asked of an object, and what they got.
//
//   HistoryRecorder<KvMapModel> history(&ctx.time());   // shared by clients
//   const auto id = history.Invoke(client, KvMapModel::Put("k1", "v7"));
//   absl::Status status = co_await Put(stream, "k1", "v7");
//   if (status.ok()) history.Complete(id, {});
//   else if (NeverSent(status)) history.Fail(id);
//   else history.Unknown(id);                // timed out, reset, cancelled
//   ...
//   CheckResult result = CheckLinearizable(history.operations());
//
// Real-time order is the order of the calls to the recorder, not that of the
// clock: in a simulation many things happen at one instant. An operation that
// nobody finishes (its client crashed) counts as unknown, so a client needs no
// clean-up. After an unknown operation a client may go on with the next one.
//
// Single-threaded. Determinism: draws nothing, reads the clock for people only.
#ifndef MOONPOOL_SIM_CHECKERS_HISTORY_H_
#define MOONPOOL_SIM_CHECKERS_HISTORY_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "providers/base/check.h"
#include "providers/time.h"

namespace moonpool {

// The return position of an operation that may take effect at any later time,
// or never.
inline constexpr uint64_t kPending = ~uint64_t{0};

// One operation. Positions number the events of a history: a returned before b
// was called iff a.returned < b.called. All positions of a history differ.
template <typename Model>
struct ClientOperation {
  int client = 0;
  typename Model::Input input = {};
  std::optional<typename Model::Output> output;  // none: outcome unknown
  uint64_t called = 0;
  uint64_t returned = kPending;  // kPending iff output is none
  // For people. Of an unknown operation: when the client gave up, if it did.
  absl::Duration call_time;
  std::optional<absl::Duration> return_time;
};

// Index of an operation within its recorder.
struct OperationId {
  size_t index = 0;
};

template <typename Model>
class HistoryRecorder {
 public:
  using Operation = ClientOperation<Model>;

  // Without a clock all times are zero. Lifetime: it must outlive the recorder.
  // Give it one clock for all clients: those of machines may drift apart.
  explicit HistoryRecorder(const Time* clock = nullptr) : clock_(clock) {}

  // The client is about to send its request.
  OperationId Invoke(int client, typename Model::Input input) {
    records_.push_back({.operation = {.client = client,
                                      .input = std::move(input),
                                      .called = next_position_++,
                                      .call_time = Now()}});
    return OperationId{records_.size() - 1};
  }
  // The four ends of an operation. REQUIRES: it has had none of them.
  // Its answer arrived.
  void Complete(OperationId id, typename Model::Output output) {
    Operation& operation = Finish(id);
    operation.output = std::move(output);
    operation.returned = next_position_++;
  }
  // It certainly took no effect, nor ever will: it is forgotten.
  void Fail(OperationId id) {
    Finish(id);
    records_[id.index].failed = true;
  }
  // It may have taken effect, may yet, or never.
  void Unknown(OperationId id) { Finish(id); }

  // All but the failed ones, in the order of their calls. At any time: those
  // still running count as unknown.
  std::vector<Operation> operations() const {
    std::vector<Operation> result;
    result.reserve(records_.size());
    for (const Record& record : records_) {
      if (!record.failed) result.push_back(record.operation);
    }
    return result;
  }
  size_t size() const { return records_.size(); }
  void Clear() { records_.clear(); }

 private:
  struct Record {
    Operation operation;
    bool finished = false;
    bool failed = false;
  };
  absl::Duration Now() const {
    return clock_ == nullptr ? absl::ZeroDuration() : clock_->Now();
  }
  Operation& Finish(OperationId id) {
    CHECK_LT(id.index, records_.size());
    Record& record = records_[id.index];
    CHECK(!record.finished) << "operation " << id.index << " ended twice";
    record.finished = true;
    record.operation.return_time = Now();
    return record.operation;
  }

  const Time* clock_;
  uint64_t next_position_ = 0;
  std::vector<Record> records_;
};

}  // namespace moonpool

#endif  // MOONPOOL_SIM_CHECKERS_HISTORY_H_
