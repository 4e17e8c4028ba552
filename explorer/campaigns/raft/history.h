// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// The history of one world's clients, and the sequential store that it is
// compared with.
#ifndef MOONPOOL_EXPLORER_CAMPAIGNS_RAFT_HISTORY_H_
#define MOONPOOL_EXPLORER_CAMPAIGNS_RAFT_HISTORY_H_

#include <memory>
#include <optional>
#include <string>

#include "explorer/campaigns/raft/kv_store.h"
#include "providers/time.h"
#include "sim/checkers/history.h"
#include "sim/checkers/partition.h"
#include "sim/runner/state.h"

namespace moonpool::raft {

// One text for each key, empty at first.
struct StoreModel {
  struct Input {
    Operation operation = Operation::kGet;
    std::string key;
    std::string value;
    std::string expected;
    friend bool operator==(const Input&, const Input&) = default;
  };
  struct Output {
    bool ok = true;     // kCas
    std::string value;  // kGet; kAppend: before it
  };
  using State = std::string;

  State Initial() const { return ""; }
  std::optional<State> Step(const State& state, const Input& input,
                            const Output* output) const;
  std::string Key(const Input& input) const { return input.key; }
  Effect EffectOf(const Input& input, const Output* output) const;
  bool Feeds(const Input& source, const Input& user,
             const Output& output) const;
  std::string Describe(const Input& input, const Output* output) const;
  std::string DescribeState(const State& state) const { return state; }
};

using History = HistoryRecorder<StoreModel>;

// That of this world. The clock of whoever asks first is that of all.
std::shared_ptr<History> HistoryOf(StateHandle& state, const Time* clock);

}  // namespace moonpool::raft

#endif  // MOONPOOL_EXPLORER_CAMPAIGNS_RAFT_HISTORY_H_
