// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// What checking a history costs: 10,000 operations of 8 clients, by kind of
// object and share of unknown outcomes. Items are operations.
#include <cstdint>
#include <vector>

#include "benchmark/benchmark.h"
#include "providers/base/check.h"
#include "sim/checkers/history.h"
#include "sim/checkers/linearizability.h"
#include "sim/checkers/models.h"
#include "sim/checkers/test_histories.h"

namespace moonpool {
namespace {

template <typename Object>
void Check(benchmark::State& state, const Object& object,
           uint64_t unknown_percent) {
  TestRandom random(1);
  const auto operations = Linearizable(object,
                                       {.clients = 8,
                                        .operations = 10000,
                                        .unknown = Ratio{unknown_percent, 100}},
                                       *random);
  for (auto _ : state) {
    const CheckResult result = CheckLinearizable(operations);
    CHECK(result.verdict == Verdict::kLinearizable) << result.text;
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations()) *
                          static_cast<int64_t>(operations.size()));
}

// Arguments: keys, percent unknown.
void BM_CheckMap(benchmark::State& state) {
  Check(state,
        KvObject{.keys = static_cast<uint64_t>(state.range(0)),
                 .values = 1000,
                 .appends = false},
        static_cast<uint64_t>(state.range(1)));
}
BENCHMARK(BM_CheckMap)->Args({50, 0})->Args({50, 5})->Args({1, 0});

void BM_CheckRegister(benchmark::State& state) {
  Check(state, RegisterObject{.values = 1000},
        static_cast<uint64_t>(state.range(0)));
}
BENCHMARK(BM_CheckRegister)->Arg(0)->Arg(5);

void BM_CheckQueues(benchmark::State& state) {
  Check(state, QueueObject{.queues = 50, .values = 0}, 0);
}
BENCHMARK(BM_CheckQueues);

// The recorder's share of a client's operation.
void BM_Record(benchmark::State& state) {
  for (auto _ : state) {
    HistoryRecorder<RegisterModel> history;
    for (int i = 0; i < 1000; ++i) {
      history.Complete(history.Invoke(1, RegisterModel::Write(i)), {});
    }
    benchmark::DoNotOptimize(history.size());
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations()) * 1000);
}
BENCHMARK(BM_Record);

}  // namespace
}  // namespace moonpool
