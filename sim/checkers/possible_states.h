// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// PossibleStates: what an object may hold, as far as its one client can know.
// The client waits for each operation before the next; one of unknown outcome
// may take effect at once, never, or long after later ones.
//
//   PossibleStates<KvMapModel> possible;
//   if (put.ok()) possible.Complete(KvMapModel::Put("k", "v1"), {});
//   else possible.Unknown(KvMapModel::Put("k", "v1"));
//   if (!possible.Complete(KvMapModel::Get("k"), {.value = got})) {
//     ... got is impossible; possible.Describe("k") says what is not ...
//   }
//
// It is CheckLinearizable for one client, at each step instead of at the end:
// sound and complete. Use it where the object has one writer (a file, a key
// that belongs to one client), CheckLinearizable where it has several.
//
// Single-threaded. Determinism: draws nothing, iterates ordered containers.
#ifndef MOONPOOL_SIM_CHECKERS_POSSIBLE_STATES_H_
#define MOONPOOL_SIM_CHECKERS_POSSIBLE_STATES_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "sim/checkers/partition.h"

namespace moonpool {

template <typename Model>
class PossibleStates {
 public:
  using Input = typename Model::Input;
  using Output = typename Model::Output;
  using State = typename Model::State;

  // A key with more possibilities than this is given up: anything goes.
  static constexpr size_t kMaxPossibilities = 10000;

  explicit PossibleStates(Model model = Model()) : model_(std::move(model)) {}

  // The answer arrived. False if no possible state explains it: a bug of the
  // object; nothing is learnt of it then.
  bool Complete(const Input& input, const Output& output) {
    Cell& cell = CellOf(input);
    if (cell.gave_up) return true;
    std::set<Possibility> next;
    const Effect effect = EffectOf(input, &output);
    const bool lazy =
        cell.lazy && effect != Effect::kAny && effect != Effect::kGuarded;
    cell.lazy = lazy;
    for (const Possibility& possibility : cell.possible) {
      Follow(cell, possibility, lazy, input, output, &next);
    }
    if (next.size() > kMaxPossibilities) GiveUp(&cell);
    if (cell.gave_up) return true;
    if (next.empty()) return false;
    cell.possible = std::move(next);
    return true;
  }

  // It may have taken effect, may yet, or never.
  void Unknown(const Input& input) {
    const Effect effect = EffectOf(input, nullptr);
    if (effect == Effect::kReads) return;
    Cell& cell = CellOf(input);
    if (effect == Effect::kAny) cell.lazy = false;
    cell.unknown.push_back(input);
  }

  // Every effect so far is now done or will never be: the server was wiped,
  // say, or all connections to it are gone for good.
  void Forget() { cells_.clear(); }

  // For people: what the key may hold, "\"v1\" or \"v7\"".
  std::string Describe(absl::string_view key = "") const {
    const auto at = cells_.find(std::string(key));
    if (at == cells_.end()) return Text(model_.Initial());
    if (at->second.gave_up) return "anything";
    // What a read could see: also what unknown operations may yet make of it.
    std::set<State> states;
    for (const Possibility& possibility : at->second.possible) {
      for (const Possibility& reached : Closure(at->second, possibility)) {
        states.insert(reached.state);
      }
    }
    std::string text;
    for (const State& state : states) {
      absl::StrAppend(&text, text.empty() ? "" : " or ", Text(state));
    }
    return text;
  }
  bool gave_up(absl::string_view key = "") const {
    const auto at = cells_.find(std::string(key));
    return at != cells_.end() && at->second.gave_up;
  }

 private:
  // The state, and which unknown operations led to it, ascending.
  struct Possibility {
    State state;
    std::vector<uint32_t> used;
    friend bool operator<(const Possibility& a, const Possibility& b) {
      if (a.state < b.state) return true;
      if (b.state < a.state) return false;
      return a.used < b.used;
    }
  };
  struct Cell {
    std::set<Possibility> possible;
    std::vector<Input> unknown;
    bool lazy = true;  // no effect is kAny: see search.h
    bool gave_up = false;
  };

  Cell& CellOf(const Input& input) {
    std::string key;
    if constexpr (requires { model_.Key(input); }) key = model_.Key(input);
    Cell& cell = cells_[key];
    if (cell.possible.empty() && !cell.gave_up) {
      cell.possible.insert({model_.Initial(), {}});
    }
    return cell;
  }
  Effect EffectOf(const Input& input, const Output* output) const {
    if constexpr (requires { model_.EffectOf(input, output); }) {
      return model_.EffectOf(input, output);
    }
    return Effect::kAny;
  }
  std::string Text(const State& state) const {
    if constexpr (requires { model_.DescribeState(state); }) {
      return model_.DescribeState(state);
    }
    return "?";
  }
  static void GiveUp(Cell* cell) {
    cell->gave_up = true;
    cell->possible.clear();
    cell->unknown.clear();
  }

  // What can come of the possibility when this operation is observed next.
  void Follow(Cell& cell, const Possibility& from, bool lazy,
              const Input& input, const Output& output,
              std::set<Possibility>* next) {
    std::optional<State> direct = model_.Step(from.state, input, &output);
    if (direct.has_value()) Add({std::move(*direct), from.used}, next);
    if (lazy && direct.has_value()) return;
    const std::vector<Possibility> closure = Closure(cell, from);
    if (closure.size() > kMaxPossibilities) {
      GiveUp(&cell);
      return;
    }
    for (const Possibility& reached : closure) {
      std::optional<State> state = model_.Step(reached.state, input, &output);
      if (state.has_value()) Add({std::move(*state), reached.used}, next);
    }
  }

  // What unknown operations can make of it, those that use few first; itself
  // first of all. Stops when there are too many.
  std::vector<Possibility> Closure(const Cell& cell,
                                   const Possibility& from) const {
    std::vector<Possibility> reached = {from};
    std::set<Possibility> seen = {from};
    for (size_t at = 0; at < reached.size(); ++at) {
      if (reached.size() > kMaxPossibilities) break;
      for (uint32_t i = 0; i < cell.unknown.size(); ++i) {
        const Possibility& base = reached[at];
        if (std::binary_search(base.used.begin(), base.used.end(), i)) continue;
        std::optional<State> state =
            model_.Step(base.state, cell.unknown[i], nullptr);
        if (!state.has_value()) continue;
        if (!(*state < base.state) && !(base.state < *state)) continue;
        Possibility more = {std::move(*state), base.used};
        more.used.insert(
            std::upper_bound(more.used.begin(), more.used.end(), i), i);
        if (Add(more, &seen)) reached.push_back(std::move(more));
      }
    }
    return reached;
  }

  // False if the set has the same state with a subset of these used: whatever
  // can come of this one can come of that.
  static bool Add(Possibility more, std::set<Possibility>* possible) {
    for (auto at = possible->lower_bound({more.state, {}});
         at != possible->end() && !(more.state < at->state); ++at) {
      if (std::includes(more.used.begin(), more.used.end(), at->used.begin(),
                        at->used.end())) {
        return false;
      }
    }
    return possible->insert(std::move(more)).second;
  }

  Model model_;
  std::map<std::string, Cell> cells_;
};

}  // namespace moonpool

#endif  // MOONPOOL_SIM_CHECKERS_POSSIBLE_STATES_H_
