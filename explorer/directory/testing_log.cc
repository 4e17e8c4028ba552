// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "explorer/directory/testing_log.h"

#include <csignal>
#include <filesystem>
#include <memory>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "explorer/directory/search_log.h"
#include "providers/base/check.h"
#include "sim/assertions/table.h"

namespace moonpool {
namespace {

LoggedTimeline& AddTimeline(uint64_t number, int splitpoint,
                            LoggedBatch& batch) {
  LoggedTimeline& timeline = *batch.add_timelines();
  timeline.set_number(number);
  timeline.set_splitpoint(splitpoint);
  timeline.set_seed(1000 + number);
  timeline.set_finished(true);
  timeline.set_trace_hash(0xABC0 + number);
  timeline.set_draws(500);
  timeline.set_events(900);
  return timeline;
}

LoggedDiscovery& AddDiscovery(uint64_t key, absl::string_view label,
                              uint64_t draws, LoggedTimeline& timeline) {
  LoggedDiscovery& found = *timeline.add_discoveries();
  found.set_key(key);
  found.set_label(std::string(label));
  found.set_segment_draws(draws);
  found.set_draws(100 * static_cast<uint64_t>(timeline.number()) + draws);
  found.set_time_ns(static_cast<int64_t>(draws) * 1'000'000);
  found.set_assertion(7);
  found.set_accepted(true);
  return found;
}

void Violate(LoggedTimeline& timeline) {
  ExpectedViolation& violation = *timeline.mutable_violation();
  violation.set_identity(0xB06);
  violation.set_kind("ASSERT_ALWAYS");
  violation.set_message("broken");
  violation.set_details("key=\"k3\" <b>");
  violation.set_place("app/kv.cc:12");
  violation.set_time_ns(2'500'000'000);
}

void FirstBatch(LoggedBatch& batch) {
  batch.set_count(5);
  LoggedTimeline& zero = AddTimeline(0, 0, batch);
  zero.set_seed(zero.root_seed());
  AddDiscovery(71, "gate", 10, zero);                   // splitpoint 1
  AddDiscovery(72, "<script>lock</script>", 20, zero);  // splitpoint 2
  LoggedTimeline& two = AddTimeline(2, 1, batch);
  AddDiscovery(72, "<script>lock</script>", 30, two);  // splitpoint 3
  Violate(two);
  LoggedTimeline& three = AddTimeline(3, 1, batch);
  AddDiscovery(72, "<script>lock</script>", 30, three).set_accepted(false);
  LoggedTimeline& four = AddTimeline(4, 2, batch);
  AddDiscovery(73, "cave", 40, four);  // splitpoint 4
  for (const auto& [splitpoint, count] : {std::pair{0, 1}, {1, 2}, {2, 1}}) {
    batch.add_branch_splitpoints(splitpoint);
    batch.add_branch_counts(count);
  }
  batch.add_again_marks(1);
  batch.add_again_counts(2);
  batch.set_draws(2000);
  batch.set_events(4000);
  LoggedAssertion& counts = *batch.add_assertions();
  counts.set_id(7);
  counts.set_passes(5);
  batch.set_wall_seconds(1);
  batch.set_cpu_seconds(1.5);
  batch.set_tree_hash(11);
}

void SecondBatch(LoggedBatch& batch) {
  batch.set_first(5);
  batch.set_count(5);
  LoggedTimeline& five = AddTimeline(5, -1, batch);
  five.set_root_seed(five.seed());
  AddDiscovery(74, "door", 50, five);  // splitpoint 6, below the root 5
  Violate(AddTimeline(6, 4, batch));
  LoggedTimeline& seven = AddTimeline(7, 1, batch);
  Violate(seven);
  seven.set_draws(400);
  LoggedTimeline& eight = AddTimeline(8, 3, batch);
  eight.clear_trace_hash();
  eight.set_finished(false);
  eight.set_wait_status(SIGSEGV);
  for (const auto& [splitpoint, count] :
       {std::pair{1, 1}, {3, 1}, {4, 1}, {6, 1}}) {
    batch.add_branch_splitpoints(splitpoint);
    batch.add_branch_counts(count);
  }
  batch.add_again_marks(0);
  batch.add_again_counts(1);
  batch.set_draws(1000);
  batch.set_events(2000);
  LoggedAssertion& counts = *batch.add_assertions();
  counts.set_id(8);
  counts.set_passes(1);
  counts.set_fails(3);
  batch.set_wall_seconds(3);
  batch.set_cpu_seconds(4);
  batch.set_tree_hash(22);
}

AssertionEntry Entry(uint64_t id, AssertionKind kind, absl::string_view message,
                     absl::string_view file, int line) {
  AssertionEntry entry;
  entry.id = id;
  entry.kind = kind;
  entry.message = message;
  entry.file = file;
  entry.line = line;
  return entry;
}

}  // namespace

TestingLog MakeTestingLog(uint64_t seed) {
  TestingLog log;
  log.config.set_schema_version(kLogSchemaVersion);
  log.config.set_campaign("kv");
  CampaignParameter& parameter = *log.config.add_parameters();
  parameter.set_name("durable");
  parameter.set_value("<true>");
  log.config.set_seed(seed);
  log.config.set_policy("greedy");
  log.config.set_lag(1);
  log.config.set_build_id("00000000000000ff");
  FirstBatch(log.first);
  SecondBatch(log.second);
  for (LoggedBatch* batch : {&log.first, &log.second}) {
    for (LoggedTimeline& timeline : *batch->mutable_timelines()) {
      if (timeline.root_seed() == 0) timeline.set_root_seed(seed);
      if (timeline.number() == 0) timeline.set_seed(seed);
    }
  }
  return log;
}

void WriteTestingLog(const TestingLog& log, const std::string& directory,
                     int batches) {
  std::filesystem::create_directories(directory);
  const std::vector<AssertionEntry> assertions = {
      Entry(7, AssertionKind::kSometimesEach, "a lock opens", "app/kv.cc", 30),
      Entry(8, AssertionKind::kAlways, "broken", "app/kv.cc", 12),
      Entry(9, AssertionKind::kSometimes, "a client retries", "app/kv.cc", 120),
      Entry(10, AssertionKind::kReachable, "elsewhere", "other/raft.cc", 1),
  };
  absl::StatusOr<std::unique_ptr<SearchLog>> written =
      SearchLog::Create(SearchLogFile(directory), log.config, assertions);
  CHECK(written.ok()) << written.status().ToString();
  CHECK((*written)->Append(log.first).ok());
  if (batches > 1) CHECK((*written)->Append(log.second).ok());
}

}  // namespace moonpool
