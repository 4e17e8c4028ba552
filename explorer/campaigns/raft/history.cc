// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "explorer/campaigns/raft/history.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace moonpool::raft {
namespace {

constexpr char kStateKey[] = "raft history";

}  // namespace

std::optional<StoreModel::State> StoreModel::Step(const State& state,
                                                  const Input& input,
                                                  const Output* output) const {
  const bool shows_value = input.operation == Operation::kGet ||
                           input.operation == Operation::kAppend;
  if (output != nullptr && shows_value && output->value != state) {
    return std::nullopt;
  }
  switch (input.operation) {
    case Operation::kGet:
      return state;
    case Operation::kPut:
      return input.value;
    case Operation::kAppend:
      return state + input.value;
    case Operation::kCas: {
      const bool ok = state == input.expected;
      if (output != nullptr && output->ok != ok) return std::nullopt;
      return ok ? input.value : state;
    }
  }
  return std::nullopt;
}

Effect StoreModel::EffectOf(const Input& input, const Output* output) const {
  switch (input.operation) {
    case Operation::kGet:
      return Effect::kReads;
    case Operation::kPut:
      return Effect::kOverwrites;
    case Operation::kAppend:
      return Effect::kAny;
    case Operation::kCas:
      if (output == nullptr) return Effect::kGuarded;
      return output->ok ? Effect::kOverwrites : Effect::kReads;
  }
  return Effect::kAny;
}

bool StoreModel::Feeds(const Input& source, const Input& user,
                       const Output& output) const {
  if (source.value.empty()) return false;
  return absl::StrContains(output.value, source.value) ||
         (output.ok && absl::StrContains(user.expected, source.value));
}

std::string StoreModel::Describe(const Input& input,
                                 const Output* output) const {
  const std::string got = output == nullptr ? "?" : output->value;
  switch (input.operation) {
    case Operation::kGet:
      return absl::StrCat("get(", input.key, ") -> ", got);
    case Operation::kPut:
      return absl::StrCat("put(", input.key, ", ", input.value, ")");
    case Operation::kAppend:
      return absl::StrCat("append(", input.key, ", ", input.value, ") -> ",
                          got);
    case Operation::kCas:
      return absl::StrCat("cas(", input.key, ", ", input.expected, ", ",
                          input.value, ") -> ",
                          output == nullptr ? "?" : output->ok ? "ok" : "no");
  }
  return "";
}

std::shared_ptr<History> HistoryOf(StateHandle& state, const Time* clock) {
  using Shared = std::shared_ptr<History>;
  if (const Shared* history = state.Get<Shared>(kStateKey)) return *history;
  auto history = std::make_shared<History>(clock);
  state.Publish<Shared>(kStateKey, history);
  return history;
}

}  // namespace moonpool::raft
