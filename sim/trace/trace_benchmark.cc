// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// What an event costs: when nobody listens, into a ring, to a subscriber.
#include <cstdint>

#include "benchmark/benchmark.h"
#include "sim/core/world.h"
#include "sim/trace/event_ring.h"
#include "sim/trace/event_sink.h"
#include "sim/trace/node_log.h"
#include "sim/trace/perfetto_writer.h"

namespace moonpool {
namespace {

void Emit(benchmark::State& state, const NodeLog& log) {
  int64_t term = 0;
  for (auto _ : state) {
    log.Info("leader elected", {{"term", ++term}, {"by", "a majority"}});
    benchmark::DoNotOptimize(term);
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations()));
}

void BM_EventThatNobodyHears(benchmark::State& state) {
  World world(WorldOptions{});
  EventSink sink(&world);
  const NodeLog log(&sink, "10.0.1.2");
  Emit(state, log);
}
BENCHMARK(BM_EventThatNobodyHears);

void BM_EventIntoRing(benchmark::State& state) {
  World world(WorldOptions{});
  EventSink sink(&world);
  EventRing ring;
  sink.set_ring(&ring);
  const NodeLog log(&sink, "10.0.1.2");
  Emit(state, log);
}
BENCHMARK(BM_EventIntoRing);

void BM_EventToSubscriber(benchmark::State& state) {
  World world(WorldOptions{});
  EventSink sink(&world);
  const NodeLog log(&sink, "10.0.1.2");
  int64_t sum = 0;
  Subscription subscription = sink.Subscribe(
      "leader elected",
      [&](const TraceEvent& event) { sum += event.Int("term"); });
  Emit(state, log);
  benchmark::DoNotOptimize(sum);
}
BENCHMARK(BM_EventToSubscriber);

void BM_SpanIntoRing(benchmark::State& state) {
  World world(WorldOptions{});
  EventSink sink(&world);
  EventRing ring;
  sink.set_ring(&ring);
  const NodeLog log(&sink, "10.0.1.2");
  for (auto _ : state) log.StartSpan("append").End();
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations()));
}
BENCHMARK(BM_SpanIntoRing);

// A ring of 10,000 events; items are events.
void BM_Perfetto(benchmark::State& state) {
  World world(WorldOptions{});
  EventSink sink(&world);
  EventRing ring;
  sink.set_ring(&ring);
  const NodeLog log(&sink, "10.0.1.2");
  for (int i = 0; i < 10000; ++i) log.Info("event", {{"i", i}});
  for (auto _ : state) benchmark::DoNotOptimize(PerfettoTrace(ring).size());
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations()) * 10000);
}
BENCHMARK(BM_Perfetto);

}  // namespace
}  // namespace moonpool
