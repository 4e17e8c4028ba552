// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// CheckLinearizable: is there an order of the operations, each somewhere
// between its call and its return, in which a sequential object would have
// given these outputs? Unknown operations may appear or not.
//
//   CheckResult result = CheckLinearizable(history.operations());
//   if (result.verdict == Verdict::kViolation) ... result.text ...
//
// A model describes the sequential object. Those of models.h serve most; one's
// own is
//
//   struct CounterModel {
//     struct Input { int64_t add = 0; };
//     using Output = int64_t;                   // the counter afterwards
//     using State = int64_t;                    // copyable, has operator<
//     State Initial() const { return 0; }
//     // The state after; none if this output cannot come of this state. The
//     // output is null if nobody knows it. Deterministic.
//     std::optional<State> Step(State state, const Input& input,
//                               const Output* output) const {
//       state += input.add;
//       if (output != nullptr && *output != state) return std::nullopt;
//       return state;
//     }
//     std::string Describe(const Input& input, const Output* output) const;
//   };
//
// and optionally
//
//     // Operations of different keys do not affect each other: each key is
//     // checked on its own, which is what makes long histories feasible.
//     std::string Key(const Input& input) const;
//     // See partition.h. A promise: a wrong one gives wrong verdicts.
//     Effect EffectOf(const Input& input, const Output* output) const;
//     // The state that a kOverwrites or kGuarded operation can lead to. Spares
//     // the search most of the work on unknown outcomes.
//     State Target(const Input& input) const;
//     // Output shows what source did: the report then keeps the source.
//     bool Feeds(const Input& source, const Input& user,
//                const Output& output) const;
//     std::string DescribeState(const State& state) const;
//
// Give the model to CheckLinearizable if it has parameters of its own.
#ifndef MOONPOOL_SIM_CHECKERS_LINEARIZABILITY_H_
#define MOONPOOL_SIM_CHECKERS_LINEARIZABILITY_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "providers/base/check.h"
#include "sim/checkers/history.h"
#include "sim/checkers/partition.h"

namespace moonpool {

struct CheckOptions {
  // For each key: the search gives up beyond so many configurations (sets of
  // operations done, with the state they led to), or so much memory for states.
  uint64_t max_configurations = 1000000;
  size_t max_state_bytes = size_t{256} << 20;
  // Model steps that making a violation smaller may take; 0 reports the whole
  // prefix.
  uint64_t max_minimize_steps = 3000000;
};

enum class Verdict {
  kLinearizable,
  kViolation,
  kGaveUp,  // beyond a limit: nothing is known
};

struct CheckResult {
  Verdict verdict = Verdict::kLinearizable;
  // Of a violation: the key whose history goes wrong first. Of giving up: the
  // first such key.
  std::string key;
  // For people. Of a violation: the few operations that contradict each other,
  // one a line, and the longest order that works.
  std::string text;
  uint64_t configurations = 0;  // visited, in all keys
  // Of a violation: how many operations the text shows.
  size_t shown = 0;
};

namespace checkers_internal {

struct KeyedPartition {
  std::string key;
  std::unique_ptr<Partition> partition;
};

CheckResult CheckPartitions(std::vector<KeyedPartition> partitions,
                            const CheckOptions& options);

// "client 3  [1.5ms, 2ms]  put(k1, v7)"
std::string DescribeOperation(int client, absl::Duration call_time,
                              std::optional<absl::Duration> return_time,
                              absl::string_view call);

template <typename Model>
class PartitionOf final : public Partition {
 public:
  using Operation = ClientOperation<Model>;
  using State = typename Model::State;

  explicit PartitionOf(const Model* model) : model_(model) {}
  // In the order of the calls.
  void Add(const Operation* operation) { operations_.push_back(operation); }

  size_t size() const override { return operations_.size(); }
  Interval interval(uint32_t operation) const override {
    const Operation& at = *operations_[operation];
    return {at.client, at.called, at.returned};
  }
  StateId Initial() override { return Intern(model_->Initial()); }
  StateId Step(StateId state, uint32_t operation, bool observed) override {
    const Operation& at = *operations_[operation];
    std::optional<State> next = model_->Step(*states_[state], at.input,
                                             observed ? &*at.output : nullptr);
    return next.has_value() ? Intern(std::move(*next)) : kRefused;
  }
  size_t state_bytes() const override { return state_bytes_; }
  Effect EffectOf(uint32_t operation, bool observed) const override {
    const Operation& at = *operations_[operation];
    if constexpr (requires { model_->EffectOf(at.input, &*at.output); }) {
      return model_->EffectOf(at.input, observed ? &*at.output : nullptr);
    }
    return Effect::kAny;
  }
  StateId TargetOf(uint32_t operation) override {
    if constexpr (requires { model_->Target(operations_[0]->input); }) {
      return Intern(model_->Target(operations_[operation]->input));
    }
    return kRefused;
  }
  bool SameInput(uint32_t a, uint32_t b) const override {
    if constexpr (requires(typename Model::Input x) { x == x; }) {
      return operations_[a]->input == operations_[b]->input;
    }
    return false;
  }
  bool Feeds(uint32_t source, uint32_t user) const override {
    if constexpr (requires(typename Model::Input x, typename Model::Output y) {
                    model_->Feeds(x, x, y);
                  }) {
      const Operation& at = *operations_[user];
      return at.output.has_value() &&
             model_->Feeds(operations_[source]->input, at.input, *at.output);
    }
    return false;
  }
  std::string Describe(uint32_t operation, bool observed) const override {
    const Operation& at = *operations_[operation];
    return DescribeOperation(at.client, at.call_time,
                             at.output ? at.return_time : std::nullopt,
                             DescribeCall(operation, observed));
  }
  std::string DescribeCall(uint32_t operation, bool observed) const override {
    const Operation& at = *operations_[operation];
    return model_->Describe(at.input, observed ? &*at.output : nullptr);
  }
  std::string DescribeState(StateId state) const override {
    if constexpr (requires { model_->DescribeState(*states_[0]); }) {
      return model_->DescribeState(*states_[state]);
    }
    return "";
  }

 private:
  StateId Intern(State state) {
    const auto [at, is_new] = ids_.try_emplace(
        std::move(state), static_cast<StateId>(states_.size()));
    if (is_new) {
      states_.push_back(&at->first);
      state_bytes_ += sizeof(State) + 64;  // 64: the map's node
      if constexpr (requires { at->first.size(); }) {
        state_bytes_ += at->first.size() * sizeof(typename State::value_type);
      }
    }
    return at->second;
  }

  const Model* model_;
  std::vector<const Operation*> operations_;
  std::map<State, StateId> ids_;  // its nodes do not move
  std::vector<const State*> states_;
  size_t state_bytes_ = 0;
};

}  // namespace checkers_internal

// REQUIRES: the positions of the operations are those of a HistoryRecorder (or
// else all different, with called < returned). Does not depend on the order of
// the span.
template <typename Model>
CheckResult CheckLinearizable(
    absl::Span<const ClientOperation<Model>> operations,
    const CheckOptions& options = {}, const Model& model = Model()) {
  std::vector<const ClientOperation<Model>*> ordered;
  ordered.reserve(operations.size());
  for (const auto& operation : operations) {
    CHECK_EQ(operation.output.has_value(), operation.returned != kPending);
    CHECK_LT(operation.called, operation.returned);
    ordered.push_back(&operation);
  }
  std::sort(ordered.begin(), ordered.end(),
            [](const auto* a, const auto* b) { return a->called < b->called; });
  using PartitionOf = checkers_internal::PartitionOf<Model>;
  std::map<std::string, std::unique_ptr<PartitionOf>> by_key;
  for (const auto* operation : ordered) {
    std::string key;
    if constexpr (requires { model.Key(operation->input); }) {
      key = model.Key(operation->input);
    }
    std::unique_ptr<PartitionOf>& partition = by_key[key];
    if (partition == nullptr) partition = std::make_unique<PartitionOf>(&model);
    partition->Add(operation);
  }
  std::vector<checkers_internal::KeyedPartition> partitions;
  for (auto& [key, partition] : by_key) {
    partitions.push_back({key, std::move(partition)});
  }
  return checkers_internal::CheckPartitions(std::move(partitions), options);
}

// The usual call: CheckLinearizable(history.operations()).
template <typename Model>
CheckResult CheckLinearizable(
    const std::vector<ClientOperation<Model>>& operations,
    const CheckOptions& options = {}, const Model& model = Model()) {
  return CheckLinearizable(absl::MakeConstSpan(operations), options, model);
}

}  // namespace moonpool

#endif  // MOONPOOL_SIM_CHECKERS_LINEARIZABILITY_H_
