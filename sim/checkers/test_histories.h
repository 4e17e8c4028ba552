// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Histories for the tests: real objects, written without the models, that are
// used by concurrent clients (so the history is linearizable by construction),
// and mutations that may spoil it.
#ifndef MOONPOOL_SIM_CHECKERS_TEST_HISTORIES_H_
#define MOONPOOL_SIM_CHECKERS_TEST_HISTORIES_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "providers/random.h"
#include "sim/checkers/history.h"
#include "sim/checkers/linearizability.h"
#include "sim/checkers/models.h"
#include "sim/core/rng.h"
#include "sim/core/trace_hash.h"

namespace moonpool {

// Randomness without a world.
class TestRandom {
 public:
  explicit TestRandom(uint64_t seed)
      : source_(seed, &trace_), stream_(&source_, "test") {}
  Random& operator*() { return stream_; }
  Random* operator->() { return &stream_; }

 private:
  TraceHash trace_;
  RandomSource source_;
  RandomStream stream_;
};

// Each object: its model, a random input, and what it does. With few values
// there are doubles, which make the order ambiguous.
struct RegisterObject {
  using Model = RegisterModel;
  int64_t values = 3;
  int64_t state = 0;
  Model::Input Draw(Random& random) {
    const int64_t a = random.Range(int64_t{0}, values - 1);
    const int64_t b = random.Range(int64_t{0}, values - 1);
    switch (random.Below(3)) {
      case 0:
        return Model::Read();
      case 1:
        return Model::Write(a);
      default:
        return Model::Cas(a, b);
    }
  }
  Model::Output Apply(const Model::Input& input) {
    Model::Output output = {.value = state};
    if (input.kind == Model::Kind::kWrite) state = input.value;
    if (input.kind == Model::Kind::kCas) {
      output.ok = state == input.expected;
      if (output.ok) state = input.value;
    }
    return output;
  }
  void Spoil(Random& random, Model::Output* output) {
    output->value = random.Range(int64_t{0}, values - 1);
    output->ok = random.Chance(Ratio{1, 2});
  }
};

struct KvObject {
  using Model = KvMapModel;
  uint64_t keys = 2;
  uint64_t values = 3;
  bool appends = true;
  std::map<std::string, std::string> state;
  Model::Input Draw(Random& random) {
    const std::string key = absl::StrCat("k", random.Below(keys));
    const std::string value = absl::StrCat("v", random.Below(values));
    const std::string expected = absl::StrCat("v", random.Below(values));
    switch (random.Below(appends ? 7 : 6)) {
      case 0:
      case 1:
        return Model::Get(key);
      case 2:
      case 3:
        return Model::Put(key, value);
      case 4:
        return Model::Delete(key);
      case 5:
        return random.Chance(Ratio{1, 3}) ? Model::Cas(key, std::nullopt, value)
                                          : Model::Cas(key, expected, value);
      default:
        return Model::Append(key, value);
    }
  }
  Model::Output Apply(const Model::Input& input) {
    const auto at = state.find(input.key);
    Model::Output output;
    if (at != state.end()) output.value = at->second;
    switch (input.kind) {
      case Model::Kind::kGet:
        break;
      case Model::Kind::kPut:
        state[input.key] = input.value;
        break;
      case Model::Kind::kAppend:
        state[input.key] += input.value;
        break;
      case Model::Kind::kDelete:
        state.erase(input.key);
        break;
      case Model::Kind::kCas:
        output.ok = output.value == input.expected;
        if (output.ok) state[input.key] = input.value;
        break;
    }
    return output;
  }
  void Spoil(Random& random, Model::Output* output) {
    output->value = absl::StrCat("v", random.Below(values));
    if (random.Chance(Ratio{1, 4})) output->value.reset();
    output->ok = random.Chance(Ratio{1, 2});
  }
};

struct QueueObject {
  using Model = QueueModel;
  uint64_t queues = 1;
  int64_t values = 3;  // 0: all different
  int64_t next_value = 0;
  std::map<std::string, std::deque<int64_t>> state;
  Model::Input Draw(Random& random) {
    const std::string queue = absl::StrCat("q", random.Below(queues));
    if (random.Chance(Ratio{1, 2})) return Model::Dequeue(queue);
    const int64_t value =
        values == 0 ? ++next_value : random.Range(int64_t{0}, values - 1);
    return Model::Enqueue(value, queue);
  }
  Model::Output Apply(const Model::Input& input) {
    std::deque<int64_t>& queue = state[input.queue];
    if (input.enqueue.has_value()) {
      queue.push_back(*input.enqueue);
      return std::nullopt;
    }
    if (queue.empty()) return std::nullopt;
    const int64_t front = queue.front();
    queue.pop_front();
    return front;
  }
  void Spoil(Random& random, Model::Output* output) {
    *output = random.Range(int64_t{0}, values - 1);
    if (random.Chance(Ratio{1, 4})) output->reset();
  }
};

struct SetObject {
  using Model = SetModel;
  int64_t elements = 2;
  std::set<int64_t> state;
  Model::Input Draw(Random& random) {
    const int64_t element = random.Range(int64_t{0}, elements - 1);
    switch (random.Below(3)) {
      case 0:
        return Model::Contains(element);
      case 1:
        return Model::Add(element);
      default:
        return Model::Remove(element);
    }
  }
  Model::Output Apply(const Model::Input& input) {
    if (input.kind == Model::Kind::kAdd) {
      return state.insert(input.element).second;
    }
    if (input.kind == Model::Kind::kRemove) {
      return state.erase(input.element) > 0;
    }
    return state.contains(input.element);
  }
  void Spoil(Random& random, Model::Output* output) {
    *output = random.Chance(Ratio{1, 2});
  }
};

// A model of a test's own, with none of the optional members.
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
  std::string Describe(const Input& input, const Output* output) const {
    return absl::StrCat("add ", input.add,
                        output == nullptr ? "" : absl::StrCat(" -> ", *output));
  }
};

struct CounterObject {
  using Model = CounterModel;
  int64_t state = 0;
  Model::Input Draw(Random& random) {
    return {.add = random.Range(int64_t{0}, int64_t{2})};
  }
  Model::Output Apply(const Model::Input& input) { return state += input.add; }
  void Spoil(Random& random, Model::Output* output) {
    *output += random.Range(int64_t{-1}, int64_t{1});
  }
};

struct HistoryShape {
  int clients = 3;
  size_t operations = 6;
  Ratio unknown = {0, 1};  // this share gets no answer
};

// What clients see of a correct object. An unknown operation takes effect at
// some later time or never.
template <typename Object>
std::vector<ClientOperation<typename Object::Model>> Linearizable(
    Object object, const HistoryShape& shape, Random& random) {
  using Model = typename Object::Model;
  enum class Phase { kIdle, kCalled, kApplied };
  struct Client {
    Phase phase = Phase::kIdle;
    OperationId id;
    typename Model::Input input;
    typename Model::Output output;
  };
  HistoryRecorder<Model> history;
  std::vector<Client> clients(static_cast<size_t>(shape.clients));
  std::vector<typename Model::Input> adrift;
  size_t idle = clients.size();
  while (history.size() < shape.operations || idle < clients.size()) {
    if (!adrift.empty() && random.Chance(Ratio{1, 8})) {
      const size_t at = random.Below(adrift.size());
      object.Apply(adrift[at]);
      adrift.erase(adrift.begin() + static_cast<ptrdiff_t>(at));
    }
    const size_t number = random.Below(clients.size());
    Client& client = clients[number];
    switch (client.phase) {
      case Phase::kIdle:
        if (history.size() == shape.operations) break;
        client.input = object.Draw(random);
        client.id = history.Invoke(static_cast<int>(number), client.input);
        client.phase = Phase::kCalled;
        --idle;
        break;
      case Phase::kCalled:
        if (random.Chance(shape.unknown)) {
          if (random.Chance(Ratio{1, 2})) adrift.push_back(client.input);
          history.Unknown(client.id);
          client.phase = Phase::kIdle;
          ++idle;
          break;
        }
        client.output = object.Apply(client.input);
        client.phase = Phase::kApplied;
        break;
      case Phase::kApplied:
        history.Complete(client.id, client.output);
        client.phase = Phase::kIdle;
        ++idle;
        break;
    }
  }
  return history.operations();
}

// One random change: another output, two outputs exchanged, or an operation
// that returned earlier than it did.
template <typename Object>
void Mutate(Object object, Random& random,
            std::vector<ClientOperation<typename Object::Model>>* operations) {
  auto& one = (*operations)[random.Below(operations->size())];
  auto& other = (*operations)[random.Below(operations->size())];
  switch (random.Below(3)) {
    case 0:
      if (one.output.has_value()) object.Spoil(random, &*one.output);
      break;
    case 1:
      if (one.output.has_value() && other.output.has_value()) {
        std::swap(*one.output, *other.output);
      }
      break;
    default:
      // Room for a position between those there are.
      for (auto& operation : *operations) {
        operation.called *= 2;
        if (operation.returned != kPending) operation.returned *= 2;
      }
      if (one.output.has_value()) one.returned = one.called + 1;
      break;
  }
}

}  // namespace moonpool

#endif  // MOONPOOL_SIM_CHECKERS_TEST_HISTORIES_H_
