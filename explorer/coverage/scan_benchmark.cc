// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// What it costs to look through edge counters, 2 % of them not zero, when
// nothing is new (which is nearly always). "Spread": each edge by itself, which
// no real code does; otherwise in runs of 30 on average. The scalar scan is the
// baseline of the same run. Goals: tools/goals.json.
#include <benchmark/benchmark.h>

#include <vector>

#include "explorer/coverage/scan.h"
#include "providers/base/hash.h"

namespace moonpool::coverage {
namespace {

using Bytes = std::vector<uint8_t>;

Bytes Counters(size_t size, bool is_spread) {
  Bytes counters(size);
  uint64_t state = 4;
  auto below = [&state](uint64_t bound) { return Mix64(++state) % bound; };
  for (size_t i = 0; i < size;) {
    const size_t run = is_spread ? 1 : 1 + below(60);
    const bool is_hit = below(50) == 0;
    for (size_t end = i + run; i < size && i < end; ++i) {
      if (is_hit) counters[i] = static_cast<uint8_t>(1 + below(8));
    }
  }
  return counters;
}

void Measure(benchmark::State& state, bool (*scan)(const ScanInput&),
             bool is_spread) {
  const auto size = static_cast<size_t>(state.range(0)) * 1024;
  const Bytes counters = Counters(size, is_spread);
  Bytes seen(size);
  const ScanInput input = {
      .counters = counters.data(), .size = size, .seen = seen.data()};
  scan(input);
  for (auto _ : state) benchmark::DoNotOptimize(scan(input));
}

void BM_EdgeScan(benchmark::State& state) { Measure(state, &Scan, false); }
BENCHMARK(BM_EdgeScan)->Arg(8)->Arg(64)->Arg(512);
void BM_EdgeScanSpread(benchmark::State& state) { Measure(state, &Scan, true); }
BENCHMARK(BM_EdgeScanSpread)->Arg(64);
void BM_EdgeScanWords(benchmark::State& state) {
  Measure(state, &ScanWords, false);
}
BENCHMARK(BM_EdgeScanWords)->Arg(64);
void BM_EdgeScanScalar(benchmark::State& state) {
  Measure(state, &ScanOneByOne, false);
}
BENCHMARK(BM_EdgeScanScalar)->Arg(64);

// Everything is new, as in the first timeline.
void BM_EdgeScanAllNew(benchmark::State& state) {
  const auto size = static_cast<size_t>(state.range(0)) * 1024;
  const Bytes counters = Counters(size, false);
  Bytes seen(size);
  for (auto _ : state) {
    seen.assign(size, 0);
    benchmark::DoNotOptimize(
        Scan({.counters = counters.data(), .size = size, .seen = seen.data()}));
  }
}
BENCHMARK(BM_EdgeScanAllNew)->Arg(64);

}  // namespace
}  // namespace moonpool::coverage
