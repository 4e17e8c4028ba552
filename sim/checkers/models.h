// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// The sequential objects that systems most often claim to be: a register, a map
// (one register for each key), a FIFO queue, a set. Models for
// CheckLinearizable and PossibleStates.
//
// Write unique values where you can: the check is stronger and faster.
#ifndef MOONPOOL_SIM_CHECKERS_MODELS_H_
#define MOONPOOL_SIM_CHECKERS_MODELS_H_

#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "sim/checkers/partition.h"

namespace moonpool {

// One integer: read, write, compare-and-set.
class RegisterModel {
 public:
  enum class Kind { kRead, kWrite, kCas };
  struct Input {
    Kind kind = Kind::kRead;
    int64_t value = 0;     // written, or to set
    int64_t expected = 0;  // kCas
    friend bool operator==(const Input&, const Input&) = default;
  };
  struct Output {
    int64_t value = 0;  // kRead
    bool ok = true;     // kCas: whether it was as expected, and was set
  };
  using State = int64_t;

  explicit RegisterModel(int64_t initial = 0) : initial_(initial) {}

  static Input Read() { return {}; }
  static Input Write(int64_t value) { return {Kind::kWrite, value, 0}; }
  static Input Cas(int64_t expected, int64_t value) {
    return {Kind::kCas, value, expected};
  }

  State Initial() const { return initial_; }
  std::optional<State> Step(State state, const Input& input,
                            const Output* output) const;
  Effect EffectOf(const Input& input, const Output* output) const;
  State Target(const Input& input) const { return input.value; }
  bool Feeds(const Input& source, const Input& user,
             const Output& output) const;
  std::string Describe(const Input& input, const Output* output) const;
  std::string DescribeState(State state) const;

 private:
  int64_t initial_;
};

// Text by key, at first absent: get, put, append, delete, compare-and-set.
class KvMapModel {
 public:
  enum class Kind { kGet, kPut, kAppend, kDelete, kCas };
  struct Input {
    Kind kind = Kind::kGet;
    std::string key;
    std::string value;                    // kPut, kAppend, kCas
    std::optional<std::string> expected;  // kCas; none: absent
    friend bool operator==(const Input&, const Input&) = default;
  };
  // For kPut, kAppend and kDelete nothing of it counts.
  struct Output {
    std::optional<std::string> value;  // kGet; none: absent
    bool ok = true;                    // kCas
  };
  using State = std::optional<std::string>;

  static Input Get(absl::string_view key);
  static Input Put(absl::string_view key, absl::string_view value);
  // An absent key counts as empty.
  static Input Append(absl::string_view key, absl::string_view suffix);
  static Input Delete(absl::string_view key);
  static Input Cas(absl::string_view key, std::optional<std::string> expected,
                   absl::string_view value);

  std::string Key(const Input& input) const { return input.key; }
  State Initial() const { return std::nullopt; }
  std::optional<State> Step(State state, const Input& input,
                            const Output* output) const;
  Effect EffectOf(const Input& input, const Output* output) const;
  State Target(const Input& input) const;
  bool Feeds(const Input& source, const Input& user,
             const Output& output) const;
  std::string Describe(const Input& input, const Output* output) const;
  std::string DescribeState(const State& state) const;
};

// FIFO queues by name; a dequeue of an empty one gives nothing.
class QueueModel {
 public:
  struct Input {
    std::string queue;
    std::optional<int64_t> enqueue;  // none: dequeue
    friend bool operator==(const Input&, const Input&) = default;
  };
  using Output = std::optional<int64_t>;  // what was dequeued; of an enqueue,
                                          // anything
  using State = std::deque<int64_t>;

  static Input Enqueue(int64_t value, absl::string_view queue = "");
  static Input Dequeue(absl::string_view queue = "");

  std::string Key(const Input& input) const { return input.queue; }
  State Initial() const { return {}; }
  std::optional<State> Step(State state, const Input& input,
                            const Output* output) const;
  Effect EffectOf(const Input& input, const Output* output) const;
  bool Feeds(const Input& source, const Input& user,
             const Output& output) const;
  std::string Describe(const Input& input, const Output* output) const;
  std::string DescribeState(const State& state) const;
};

// A set of integers: each element is a key of its own.
class SetModel {
 public:
  enum class Kind { kContains, kAdd, kRemove };
  struct Input {
    Kind kind = Kind::kContains;
    int64_t element = 0;
    friend bool operator==(const Input&, const Input&) = default;
  };
  // kContains, kRemove: it was there. kAdd: it was not.
  using Output = bool;
  using State = bool;

  static Input Contains(int64_t element) { return {Kind::kContains, element}; }
  static Input Add(int64_t element) { return {Kind::kAdd, element}; }
  static Input Remove(int64_t element) { return {Kind::kRemove, element}; }

  std::string Key(const Input& input) const;
  State Initial() const { return false; }
  std::optional<State> Step(State state, const Input& input,
                            const Output* output) const;
  Effect EffectOf(const Input& input, const Output* output) const;
  State Target(const Input& input) const { return input.kind == Kind::kAdd; }
  bool Feeds(const Input& source, const Input& user,
             const Output& output) const;
  std::string Describe(const Input& input, const Output* output) const;
  std::string DescribeState(State state) const;
};

}  // namespace moonpool

#endif  // MOONPOOL_SIM_CHECKERS_MODELS_H_
