// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "sim/checkers/models.h"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "sim/checkers/partition.h"

namespace moonpool {
namespace {

// " -> what", or a mark that nobody knows.
std::string Arrow(bool known, absl::string_view what) {
  return known ? absl::StrCat(" -> ", what) : std::string(" -> ?");
}
std::string OkText(bool known, bool ok = true) {
  return Arrow(known, ok ? "ok" : "failed");
}
std::string ValueText(const std::optional<std::string>& value) {
  return value.has_value() ? absl::StrCat("\"", *value, "\"")
                           : std::string("absent");
}

Effect CasEffect(bool known, bool ok) {
  if (!known) return Effect::kGuarded;
  return ok ? Effect::kOverwrites : Effect::kReads;
}

}  // namespace

// ---- RegisterModel ----------------------------------------------------------

std::optional<RegisterModel::State> RegisterModel::Step(
    State state, const Input& input, const Output* output) const {
  switch (input.kind) {
    case Kind::kRead:
      if (output != nullptr && output->value != state) return std::nullopt;
      return state;
    case Kind::kWrite:
      return input.value;
    case Kind::kCas:
      const bool ok = state == input.expected;
      if (output != nullptr && output->ok != ok) return std::nullopt;
      return ok ? input.value : state;
  }
  return std::nullopt;
}

Effect RegisterModel::EffectOf(const Input& input, const Output* output) const {
  if (input.kind == Kind::kRead) return Effect::kReads;
  return input.kind == Kind::kWrite
             ? Effect::kOverwrites
             : CasEffect(output != nullptr, output != nullptr && output->ok);
}

bool RegisterModel::Feeds(const Input& source, const Input& user,
                          const Output& output) const {
  if (source.kind == Kind::kRead || user.kind == Kind::kWrite) return false;
  if (user.kind == Kind::kRead) return source.value == output.value;
  return output.ok && source.value == user.expected;
}

std::string RegisterModel::Describe(const Input& input,
                                    const Output* output) const {
  const bool known = output != nullptr;
  switch (input.kind) {
    case Kind::kRead:
      return absl::StrCat(
          "read", Arrow(known, absl::StrCat(known ? output->value : 0)));
    case Kind::kWrite:
      return absl::StrCat("write ", input.value, OkText(known));
    case Kind::kCas:
      return absl::StrCat("cas ", input.expected, " to ", input.value,
                          OkText(known, known && output->ok));
  }
  return "";
}

std::string RegisterModel::DescribeState(State state) const {
  return absl::StrCat(state);
}

// ---- KvMapModel -------------------------------------------------------------

KvMapModel::Input KvMapModel::Get(absl::string_view key) {
  return {Kind::kGet, std::string(key), "", std::nullopt};
}
KvMapModel::Input KvMapModel::Put(absl::string_view key,
                                  absl::string_view value) {
  return {Kind::kPut, std::string(key), std::string(value), std::nullopt};
}
KvMapModel::Input KvMapModel::Append(absl::string_view key,
                                     absl::string_view suffix) {
  return {Kind::kAppend, std::string(key), std::string(suffix), std::nullopt};
}
KvMapModel::Input KvMapModel::Delete(absl::string_view key) {
  return {Kind::kDelete, std::string(key), "", std::nullopt};
}
KvMapModel::Input KvMapModel::Cas(absl::string_view key,
                                  std::optional<std::string> expected,
                                  absl::string_view value) {
  return {Kind::kCas, std::string(key), std::string(value),
          std::move(expected)};
}

std::optional<KvMapModel::State> KvMapModel::Step(State state,
                                                  const Input& input,
                                                  const Output* output) const {
  switch (input.kind) {
    case Kind::kGet:
      if (output != nullptr && output->value != state) return std::nullopt;
      return state;
    case Kind::kPut:
      return State(input.value);
    case Kind::kAppend:
      return State(absl::StrCat(state.value_or(""), input.value));
    case Kind::kDelete:
      return State(std::nullopt);
    case Kind::kCas:
      const bool ok = state == input.expected;
      if (output != nullptr && output->ok != ok) return std::nullopt;
      return ok ? State(input.value) : state;
  }
  return std::nullopt;
}

Effect KvMapModel::EffectOf(const Input& input, const Output* output) const {
  switch (input.kind) {
    case Kind::kGet:
      return Effect::kReads;
    case Kind::kPut:
    case Kind::kDelete:
      return Effect::kOverwrites;
    case Kind::kCas:
      return CasEffect(output != nullptr, output != nullptr && output->ok);
    case Kind::kAppend:
      return Effect::kAny;
  }
  return Effect::kAny;
}

KvMapModel::State KvMapModel::Target(const Input& input) const {
  if (input.kind == Kind::kDelete) return std::nullopt;
  return input.value;
}

bool KvMapModel::Feeds(const Input& source, const Input& user,
                       const Output& output) const {
  if (source.kind == Kind::kGet || source.kind == Kind::kDelete) return false;
  const std::optional<std::string>* seen = nullptr;
  if (user.kind == Kind::kGet) seen = &output.value;
  if (user.kind == Kind::kCas && output.ok) seen = &user.expected;
  if (seen == nullptr || !seen->has_value()) return false;
  // What was appended to shows as a part.
  return absl::StrContains(**seen, source.value);
}

std::string KvMapModel::Describe(const Input& input,
                                 const Output* output) const {
  const bool known = output != nullptr;
  switch (input.kind) {
    case Kind::kGet:
      return absl::StrCat(
          "get ", input.key,
          Arrow(known, ValueText(known ? output->value : std::nullopt)));
    case Kind::kPut:
      return absl::StrCat("put ", input.key, " \"", input.value, "\"",
                          OkText(known));
    case Kind::kAppend:
      return absl::StrCat("append ", input.key, " \"", input.value, "\"",
                          OkText(known));
    case Kind::kDelete:
      return absl::StrCat("delete ", input.key, OkText(known));
    case Kind::kCas:
      return absl::StrCat("cas ", input.key, " ", ValueText(input.expected),
                          " to \"", input.value, "\"",
                          OkText(known, known && output->ok));
  }
  return "";
}

std::string KvMapModel::DescribeState(const State& state) const {
  return ValueText(state);
}

// ---- QueueModel -------------------------------------------------------------

QueueModel::Input QueueModel::Enqueue(int64_t value, absl::string_view queue) {
  return {std::string(queue), value};
}
QueueModel::Input QueueModel::Dequeue(absl::string_view queue) {
  return {std::string(queue), std::nullopt};
}

std::optional<QueueModel::State> QueueModel::Step(State state,
                                                  const Input& input,
                                                  const Output* output) const {
  if (input.enqueue.has_value()) {
    state.push_back(*input.enqueue);
    return state;
  }
  Output front;
  if (!state.empty()) {
    front = state.front();
    state.pop_front();
  }
  if (output != nullptr && *output != front) return std::nullopt;
  return state;
}

Effect QueueModel::EffectOf(const Input& input, const Output* output) const {
  const bool found_empty =
      !input.enqueue.has_value() && output != nullptr && !output->has_value();
  return found_empty ? Effect::kReads : Effect::kAny;
}

bool QueueModel::Feeds(const Input& source, const Input& user,
                       const Output& output) const {
  return source.enqueue.has_value() && !user.enqueue.has_value() &&
         source.enqueue == output;
}

std::string QueueModel::Describe(const Input& input,
                                 const Output* output) const {
  const bool known = output != nullptr;
  if (input.enqueue.has_value()) {
    return absl::StrCat("enqueue ", *input.enqueue, OkText(known));
  }
  if (!known) return "dequeue -> ?";
  if (!output->has_value()) return "dequeue -> empty";
  return absl::StrCat("dequeue -> ", **output);
}

std::string QueueModel::DescribeState(const State& state) const {
  return absl::StrCat("[", absl::StrJoin(state, " "), "]");
}

// ---- SetModel ---------------------------------------------------------------

std::string SetModel::Key(const Input& input) const {
  return absl::StrCat(input.element);
}

std::optional<SetModel::State> SetModel::Step(State state, const Input& input,
                                              const Output* output) const {
  const bool answer = input.kind == Kind::kAdd ? !state : state;
  if (output != nullptr && *output != answer) return std::nullopt;
  if (input.kind == Kind::kContains) return state;
  return input.kind == Kind::kAdd;
}

Effect SetModel::EffectOf(const Input& input, const Output*) const {
  return input.kind == Kind::kContains ? Effect::kReads : Effect::kOverwrites;
}

bool SetModel::Feeds(const Input& source, const Input& user,
                     const Output& output) const {
  if (source.kind == Kind::kContains) return false;
  const bool seen = user.kind == Kind::kAdd ? !output : output;
  return seen == (source.kind == Kind::kAdd);
}

std::string SetModel::Describe(const Input& input, const Output* output) const {
  const bool known = output != nullptr;
  const std::string answer = Arrow(known, known && *output ? "yes" : "no");
  switch (input.kind) {
    case Kind::kContains:
      return absl::StrCat("contains ", input.element, answer);
    case Kind::kAdd:
      return absl::StrCat("add ", input.element, answer);
    case Kind::kRemove:
      return absl::StrCat("remove ", input.element, answer);
  }
  return "";
}

std::string SetModel::DescribeState(State state) const {
  return state ? "present" : "absent";
}

}  // namespace moonpool
