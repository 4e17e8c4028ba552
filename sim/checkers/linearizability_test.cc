// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Known histories of the shipped models, linearizable and not, and what the
// report of a violation shows.
#include "sim/checkers/linearizability.h"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "sim/checkers/history.h"
#include "sim/checkers/models.h"

namespace moonpool {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using Register = RegisterModel;
using Kv = KvMapModel;
using Queue = QueueModel;

// An operation that overlaps no other.
template <typename Model>
void Add(HistoryRecorder<Model>& history, int client,
         typename Model::Input input, typename Model::Output output) {
  history.Complete(history.Invoke(client, std::move(input)), std::move(output));
}

template <typename Model>
Verdict VerdictOf(const HistoryRecorder<Model>& history) {
  return CheckLinearizable(history.operations()).verdict;
}

TEST(HistoryTest, EmptyHistoryIsLinearizable) {
  EXPECT_EQ(VerdictOf(HistoryRecorder<Register>()), Verdict::kLinearizable);
}

TEST(HistoryTest, FailedOperationsAreForgottenUnknownOnesAreNot) {
  HistoryRecorder<Register> history;
  const auto failed = history.Invoke(1, Register::Write(1));
  const auto unknown = history.Invoke(2, Register::Write(2));
  history.Invoke(3, Register::Write(3));  // never finished
  history.Fail(failed);
  history.Unknown(unknown);
  Add(history, 4, Register::Read(), {.value = 2});
  Add(history, 4, Register::Read(), {.value = 3});
  EXPECT_EQ(history.operations().size(), 4u);
  EXPECT_EQ(VerdictOf(history), Verdict::kLinearizable);
  Add(history, 4, Register::Read(), {.value = 1});
  EXPECT_EQ(VerdictOf(history), Verdict::kViolation);
}

TEST(HistoryTest, OrderOfTheCallsCountsNotThatOfTheSpan) {
  HistoryRecorder<Register> history;
  Add(history, 1, Register::Write(1), {});
  Add(history, 1, Register::Read(), {.value = 1});
  auto operations = history.operations();
  std::swap(operations[0], operations[1]);
  EXPECT_EQ(CheckLinearizable(operations).verdict, Verdict::kLinearizable);
}

TEST(HistoryDeathTest, AnOperationEndsOnce) {
  HistoryRecorder<Register> history;
  const auto id = history.Invoke(1, Register::Write(1));
  history.Unknown(id);
  EXPECT_DEATH(history.Complete(id, {}), "ended twice");
}

TEST(RegisterTest, OverlappingReadsMaySeeEitherValue) {
  for (const int64_t first : {0, 1}) {
    for (const int64_t second : {0, 1}) {
      HistoryRecorder<Register> history;
      const auto write = history.Invoke(1, Register::Write(1));
      Add(history, 2, Register::Read(), {.value = first});
      Add(history, 2, Register::Read(), {.value = second});
      history.Complete(write, {});
      // Once seen, it stays.
      EXPECT_EQ(VerdictOf(history),
                first <= second ? Verdict::kLinearizable : Verdict::kViolation);
    }
  }
}

TEST(RegisterTest, StaleReadShowsThreeOperations) {
  HistoryRecorder<Register> history;
  for (int i = 1; i <= 50; ++i) {
    Add(history, 1, Register::Write(i), {});
    Add(history, 3, Register::Read(), {.value = i});
  }
  Add(history, 2, Register::Read(), {.value = 49});
  Add(history, 1, Register::Write(51), {});
  const CheckResult result = CheckLinearizable(history.operations());
  EXPECT_EQ(result.verdict, Verdict::kViolation);
  EXPECT_EQ(result.shown, 3u) << result.text;
  EXPECT_THAT(result.text, HasSubstr("Of its 102 operations the first 101"));
  // The write that the stale read read from is there: without it the read
  // would look like one of a value from nowhere.
  EXPECT_THAT(result.text, HasSubstr("write 49 -> ok"));
  EXPECT_THAT(result.text, HasSubstr("No order explains: client 2"));
  EXPECT_THAT(result.text, Not(HasSubstr("write 51")));
}

TEST(RegisterTest, LostUpdate) {
  // Both increments read 0: one of the two cannot have succeeded.
  HistoryRecorder<Register> history;
  const auto a = history.Invoke(1, Register::Cas(0, 1));
  const auto b = history.Invoke(2, Register::Cas(0, 1));
  history.Complete(a, {.ok = true});
  history.Complete(b, {.ok = true});
  const CheckResult result = CheckLinearizable(history.operations());
  EXPECT_EQ(result.verdict, Verdict::kViolation);
  EXPECT_EQ(result.shown, 2u);
  EXPECT_THAT(result.text, HasSubstr("cas 0 to 1 -> ok   now 1"));
}

TEST(RegisterTest, AFailedCasNeedsAnotherValue) {
  HistoryRecorder<Register> history;
  Add(history, 1, Register::Cas(0, 1), {.ok = false});
  EXPECT_EQ(VerdictOf(history), Verdict::kViolation);
  HistoryRecorder<Register> excused;
  excused.Invoke(2, Register::Write(7));
  Add(excused, 1, Register::Cas(0, 1), {.ok = false});
  EXPECT_EQ(VerdictOf(excused), Verdict::kLinearizable);
}

TEST(RegisterTest, InitialValueIsTheModels) {
  HistoryRecorder<Register> history;
  Add(history, 1, Register::Read(), {.value = 5});
  EXPECT_EQ(VerdictOf(history), Verdict::kViolation);
  EXPECT_EQ(CheckLinearizable(history.operations(), {}, Register(5)).verdict,
            Verdict::kLinearizable);
}

TEST(RegisterTest, AnUnknownWriteMayShowLateButOnlyOnce) {
  HistoryRecorder<Register> history;
  const auto late = history.Invoke(1, Register::Write(9));
  history.Unknown(late);
  Add(history, 1, Register::Write(1), {});
  Add(history, 2, Register::Read(), {.value = 1});
  Add(history, 2, Register::Read(), {.value = 9});
  EXPECT_EQ(VerdictOf(history), Verdict::kLinearizable);
  Add(history, 1, Register::Write(2), {});
  Add(history, 2, Register::Read(), {.value = 9});
  EXPECT_EQ(VerdictOf(history), Verdict::kViolation);
}

TEST(RegisterTest, AChainOfUnknownOperationsExplainsARead) {
  HistoryRecorder<Register> history;
  history.Invoke(1, Register::Cas(2, 3));
  history.Invoke(2, Register::Cas(1, 2));
  history.Invoke(3, Register::Write(1));
  Add(history, 4, Register::Read(), {.value = 3});
  EXPECT_EQ(VerdictOf(history), Verdict::kLinearizable);
  Add(history, 4, Register::Read(), {.value = 2});
  EXPECT_EQ(VerdictOf(history), Verdict::kViolation);
}

TEST(RegisterTest, AnUnknownOperationCannotTakeEffectBeforeItsCall) {
  HistoryRecorder<Register> history;
  Add(history, 1, Register::Read(), {.value = 1});
  history.Invoke(2, Register::Write(1));
  EXPECT_EQ(VerdictOf(history), Verdict::kViolation);
}

TEST(KvMapTest, KeysAreIndependentAndTheCulpritIsNamed) {
  HistoryRecorder<Kv> history;
  Add(history, 1, Kv::Put("a", "1"), {});
  Add(history, 1, Kv::Put("b", "1"), {});
  Add(history, 2, Kv::Get("b"), {});
  Add(history, 2, Kv::Get("a"), {.value = "1"});
  const CheckResult result = CheckLinearizable(history.operations());
  EXPECT_EQ(result.verdict, Verdict::kViolation);
  EXPECT_EQ(result.key, "b");
  EXPECT_THAT(result.text, HasSubstr("get b -> absent"));
  EXPECT_THAT(result.text, Not(HasSubstr("put a")));
}

TEST(KvMapTest, TheFirstOfSeveralViolationsIsShown) {
  HistoryRecorder<Kv> history;
  Add(history, 1, Kv::Get("z"), {.value = "1"});
  Add(history, 1, Kv::Get("a"), {.value = "1"});
  const CheckResult result = CheckLinearizable(history.operations());
  EXPECT_EQ(result.key, "z");
  EXPECT_THAT(result.text, HasSubstr("1 other key(s)"));
}

TEST(KvMapTest, AppendsDeletesAndCas) {
  HistoryRecorder<Kv> history;
  Add(history, 1, Kv::Append("k", "a"), {});
  Add(history, 1, Kv::Append("k", "b"), {});
  Add(history, 2, Kv::Get("k"), {.value = "ab"});
  Add(history, 2, Kv::Cas("k", "ab", "c"), {.ok = true});
  Add(history, 2, Kv::Cas("k", "ab", "d"), {.ok = false});
  Add(history, 1, Kv::Delete("k"), {});
  Add(history, 1, Kv::Cas("k", std::nullopt, "e"), {.ok = true});
  Add(history, 1, Kv::Get("k"), {.value = "e"});
  EXPECT_EQ(VerdictOf(history), Verdict::kLinearizable);
}

TEST(KvMapTest, AppendsInTheWrongOrder) {
  HistoryRecorder<Kv> history;
  Add(history, 1, Kv::Put("k", ""), {});
  Add(history, 1, Kv::Append("k", "a"), {});
  Add(history, 1, Kv::Append("k", "b"), {});
  Add(history, 2, Kv::Get("k"), {.value = "ba"});
  const CheckResult result = CheckLinearizable(history.operations());
  EXPECT_EQ(result.verdict, Verdict::kViolation);
  // What the read is made of stays.
  EXPECT_THAT(result.text, HasSubstr("append k \"a\""));
  EXPECT_THAT(result.text, HasSubstr("append k \"b\""));
}

TEST(QueueTest, FirstInFirstOut) {
  HistoryRecorder<Queue> history;
  Add(history, 1, Queue::Enqueue(1), {});
  Add(history, 1, Queue::Enqueue(2), {});
  Add(history, 2, Queue::Dequeue(), 1);
  Add(history, 2, Queue::Dequeue(), 2);
  Add(history, 2, Queue::Dequeue(), std::nullopt);
  EXPECT_EQ(VerdictOf(history), Verdict::kLinearizable);
}

TEST(QueueTest, ReorderIsShownWithoutWhatIsRight) {
  HistoryRecorder<Queue> history;
  for (int i = 1; i <= 20; ++i) {
    Add(history, 1, Queue::Enqueue(i), {});
    Add(history, 2, Queue::Dequeue(), i);
  }
  Add(history, 1, Queue::Enqueue(98), {});
  Add(history, 1, Queue::Enqueue(99), {});
  Add(history, 2, Queue::Dequeue(), 99);
  const CheckResult result = CheckLinearizable(history.operations());
  EXPECT_EQ(result.verdict, Verdict::kViolation);
  EXPECT_EQ(result.shown, 3u) << result.text;
  EXPECT_THAT(result.text, HasSubstr("enqueue 98 -> ok   now [98]"));
}

TEST(QueueTest, ADoubleDequeue) {
  HistoryRecorder<Queue> history;
  Add(history, 1, Queue::Enqueue(1), {});
  Add(history, 2, Queue::Dequeue(), 1);
  Add(history, 3, Queue::Dequeue(), 1);
  EXPECT_EQ(VerdictOf(history), Verdict::kViolation);
}

TEST(SetTest, AddRemoveContains) {
  using Set = SetModel;
  HistoryRecorder<Set> history;
  Add(history, 1, Set::Add(1), true);
  Add(history, 1, Set::Add(1), false);
  Add(history, 1, Set::Contains(1), true);
  Add(history, 1, Set::Contains(2), false);
  Add(history, 1, Set::Remove(1), true);
  EXPECT_EQ(VerdictOf(history), Verdict::kLinearizable);
  Add(history, 1, Set::Remove(1), true);
  const CheckResult result = CheckLinearizable(history.operations());
  EXPECT_EQ(result.verdict, Verdict::kViolation);
  EXPECT_EQ(result.key, "1");
}

// As the file comment of linearizability.h has it.
struct CounterModel {
  struct Input {
    int64_t add = 0;
  };
  using Output = int64_t;
  using State = int64_t;
  State Initial() const { return 0; }
  std::optional<State> Step(State state, const Input& input,
                            const Output* output) const {
    state += input.add;
    if (output != nullptr && *output != state) return std::nullopt;
    return state;
  }
  std::string Describe(const Input& input, const Output*) const {
    return "add " + std::to_string(input.add);
  }
};

TEST(OwnModelTest, NeedsNoOptionalMembers) {
  HistoryRecorder<CounterModel> history;
  const auto one = history.Invoke(1, {.add = 1});
  const auto two = history.Invoke(2, {.add = 2});
  history.Complete(one, 3);
  history.Complete(two, 2);
  EXPECT_EQ(VerdictOf(history), Verdict::kLinearizable);
  Add(history, 1, {.add = 0}, 2);
  const CheckResult result = CheckLinearizable(history.operations());
  EXPECT_EQ(result.verdict, Verdict::kViolation);
  EXPECT_THAT(result.text, HasSubstr("add 2\n  add 1\n"));
}

}  // namespace
}  // namespace moonpool
