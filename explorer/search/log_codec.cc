// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "explorer/search/log_codec.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "explorer/directory/search_log.h"
#include "explorer/recipe/outcome.h"
#include "explorer/recipe/recipe.h"

namespace moonpool::explorer {
namespace {

uint64_t LastSeed(const Job& job) {
  return job.segments.empty() ? job.root_seed : job.segments.back().seed;
}

uint32_t LastStreams(const Job& job) {
  return job.segments.empty() ? 0 : ToProtoStreams(job.segments.back().streams);
}

LoggedDiscovery ToLogged(const Arrival& found) {
  LoggedDiscovery logged;
  logged.set_key(found.key);
  for (int64_t quality : found.quality) logged.add_quality(quality);
  logged.set_ordinal(found.ordinal);
  logged.set_pending(found.pending);
  logged.set_segment_draws(found.segment_draws);
  logged.set_draws(found.draws);
  logged.set_events(found.events);
  logged.set_time_ns(found.time_ns);
  logged.set_accepted(found.accepted);
  logged.set_is_way(found.is_way);
  return logged;
}

LoggedDiscovery ToLogged(const JobSlot& slot, const Discovery& found) {
  LoggedDiscovery logged = ToLogged(found.at);
  logged.set_label(ToValidUtf8(found.label.Get()));
  const auto& entries = AssertionTable::Get().entries();
  if (found.assertion == kEdgesAssertion) {
    logged.set_assertion(kEdgesAssertionId);
    const uint32_t* const begin = slot.edges + found.first_edge;
    logged.mutable_edges()->Add(begin, begin + found.edges);
  } else if (found.assertion < entries.size()) {
    logged.set_assertion(entries[found.assertion].id);
  }
  return logged;
}

// Returns where the edges begin that have been added.
uint32_t AddEdges(const google::protobuf::RepeatedField<uint32_t>& edges,
                  JobSlot& slot) {
  const uint32_t first = slot.edge_count.load();
  uint32_t count = first;
  for (const uint32_t edge : edges) {
    if (count < kMaxEdgeHits) slot.edges[count++] = edge;
  }
  slot.edge_count.store(count);
  return first;
}

void FromLogged(const LoggedDiscovery& logged, Arrival& found) {
  found.key = logged.key();
  found.quality = {};
  for (int i = 0; i < logged.quality_size() &&
                  i < static_cast<int>(found.quality.size());
       ++i) {
    found.quality[i] = logged.quality(i);
  }
  found.ordinal = logged.ordinal();
  found.pending = logged.pending();
  found.segment_draws = logged.segment_draws();
  found.draws = logged.draws();
  found.events = logged.events();
  found.time_ns = logged.time_ns();
}

void FromLogged(const LoggedDiscovery& logged, Discovery& found,
                JobSlot& slot) {
  FromLogged(logged, found.at);
  found.label.Set(logged.label());
  found.checkpoint = -1;
  found.image = -1;
  found.first_edge = AddEdges(logged.edges(), slot);
  found.edges = slot.edge_count.load() - found.first_edge;
  if (logged.assertion() == kEdgesAssertionId) {
    found.assertion = kEdgesAssertion;
    return;
  }
  // Same build, same table: sorted by id.
  const auto& entries = AssertionTable::Get().entries();
  auto it = std::lower_bound(
      entries.begin(), entries.end(), logged.assertion(),
      [](const AssertionEntry& entry, uint64_t id) { return entry.id < id; });
  found.assertion = static_cast<uint32_t>(it - entries.begin());
}

void FromLogged(const ExpectedViolation& logged, ViolationRecord& record) {
  record.identity = logged.identity();
  record.kind.Set(logged.kind());
  record.message.Set(logged.message());
  record.details.Set(logged.details());
  record.place.Set(logged.place());
  record.time_ns = logged.time_ns();
  record.event = logged.event();
  record.draw = logged.draw();
}

}  // namespace

Violation ViolationOf(const ViolationRecord& record) {
  Violation violation;
  violation.identity = record.identity;
  violation.kind = std::string(record.kind.Get());
  violation.message = std::string(record.message.Get());
  violation.details = std::string(record.details.Get());
  violation.place = std::string(record.place.Get());
  violation.time_ns = record.time_ns;
  violation.event = record.event;
  violation.draw = record.draw;
  return violation;
}

void ToRecord(const Violation& violation, ViolationRecord& record) {
  record.identity = violation.identity;
  record.time_ns = violation.time_ns;
  record.event = violation.event;
  record.draw = violation.draw;
  record.kind.Set(violation.kind);
  record.message.Set(violation.message);
  record.details.Set(violation.details);
  record.place.Set(violation.place);
}

SearchConfig ConfigOf(const ExploreOptions& options) {
  SearchConfig config;
  config.set_schema_version(kLogSchemaVersion);
  config.set_campaign(options.campaign);
  for (const auto& [name, value] : options.parameters) {
    CampaignParameter& parameter = *config.add_parameters();
    parameter.set_name(name);
    parameter.set_value(value);
  }
  config.set_seed(options.seed);
  config.set_policy(options.policy);
  config.set_lag(static_cast<uint32_t>(options.lag));
  config.set_build_id(options.build_id);
  config.set_ignores_edges(!options.edges);
  if (options.around.has_value()) {
    config.set_around(FormatRecipe(*options.around));
  }
  config.mutable_split_at()->Add(options.split_at.begin(),
                                 options.split_at.end());
  config.set_split_every(options.split_every);
  return config;
}

bool IsWorthMentioning(const JobSlot& slot) {
  const Arrival* end = slot.arrivals + slot.arrival_count.load();
  const bool has_way = std::any_of(
      slot.arrivals, end, [](const Arrival& found) { return found.accepted; });
  return has_way || slot.discovery_count.load() > 0 || slot.discoveries_dropped > 0 ||
         slot.edge_count.load() > 0 ||
         slot.has_violation.load() != 0 || slot.finished.load() == 0;
}

LoggedTimeline ToLogged(const Job& job, const JobSlot& slot,
                        bool with_samples) {
  LoggedTimeline logged;
  logged.set_number(job.number);
  logged.set_splitpoint(job.from.splitpoint);
  logged.set_root_seed(job.root_seed);
  logged.set_seed(LastSeed(job));
  logged.set_streams(LastStreams(job));
  uint32_t end_edges = 0;
  for (uint32_t i = 0; i < slot.discovery_count.load(); ++i) {
    const Discovery& found = slot.discoveries[i];
    *logged.add_discoveries() = ToLogged(slot, found);
    end_edges = std::max(end_edges, found.first_edge + found.edges);
  }
  for (uint32_t i = 0; i < slot.arrival_count.load(); ++i) {
    if (!slot.arrivals[i].accepted) continue;
    LoggedDiscovery& way = *logged.add_discoveries();
    way = ToLogged(slot.arrivals[i]);
    way.set_was_known(true);
  }
  std::sort(logged.mutable_discoveries()->begin(),
                   logged.mutable_discoveries()->end(),
                   [](const LoggedDiscovery& a, const LoggedDiscovery& b) {
                     return a.ordinal() < b.ordinal();
                   });
  logged.set_discoveries_dropped(slot.discoveries_dropped);
  logged.set_wait_status(job.wait_status);
  if (slot.has_violation.load() != 0) {
    *logged.mutable_violation() = ExpectedOf(ViolationOf(slot.violation));
  }
  if (slot.finished.load() == 0) return logged;
  logged.set_finished(true);
  logged.mutable_end_edges()->Add(slot.edges + end_edges,
                                  slot.edges + slot.edge_count.load());
  logged.set_trace_hash(slot.trace_hash);
  logged.set_draws(slot.draws);
  logged.set_events(slot.events);
  logged.set_time_ns(slot.time_ns);
  logged.set_drawn_kinds(slot.drawn_kinds);
  if (!with_samples) return logged;
  for (uint32_t i = 0; i < slot.sample_count; ++i) {
    TraceSample& sample = *logged.add_trace_samples();
    sample.set_events(slot.samples[i].events);
    sample.set_draws(slot.samples[i].draws);
    sample.set_hash(slot.samples[i].hash);
  }
  return logged;
}

absl::Status FromLogged(const LoggedTimeline* logged, Job& job,
                        JobSlot& slot) {
  slot.discovery_count.store(0);
  slot.arrival_count.store(0);
  slot.edge_count.store(0);
  slot.discoveries_dropped = 0;
  slot.has_violation.store(0);
  slot.finished.store(1);
  slot.sample_count = 0;
  if (logged == nullptr) return absl::OkStatus();
  if (logged->number() != job.number ||
      logged->splitpoint() != job.from.splitpoint ||
      logged->root_seed() != job.root_seed ||
      logged->seed() != LastSeed(job) ||
      logged->streams() != LastStreams(job)) {
    return absl::InternalError(absl::StrCat(
        "timeline ", job.number,
        " was decided otherwise than its log says: the log cannot be resumed"));
  }
  uint32_t discoveries = 0;
  uint32_t arrivals = 0;
  for (const LoggedDiscovery& found : logged->discoveries()) {
    if (!found.was_known() && discoveries < kMaxDiscoveries) {
      FromLogged(found, slot.discoveries[discoveries++], slot);
    } else if (found.was_known() && arrivals < kMaxArrivals) {
      FromLogged(found, slot.arrivals[arrivals++]);
    }
  }
  AddEdges(logged->end_edges(), slot);
  slot.discovery_count.store(discoveries);
  slot.arrival_count.store(arrivals);
  slot.discoveries_dropped = logged->discoveries_dropped();
  if (logged->has_violation()) {
    FromLogged(logged->violation(), slot.violation);
    slot.has_violation.store(1);
  }
  slot.finished.store(logged->finished() ? 1 : 0);
  slot.trace_hash = logged->trace_hash();
  slot.draws = logged->draws();
  slot.events = logged->events();
  slot.time_ns = logged->time_ns();
  slot.drawn_kinds = logged->drawn_kinds();
  job.wait_status = logged->wait_status();
  for (const TraceSample& sample : logged->trace_samples()) {
    if (slot.sample_count == TraceHash::kMaxSamples) break;
    slot.samples[slot.sample_count++] = {.events = sample.events(),
                                         .draws = sample.draws(),
                                         .hash = sample.hash()};
  }
  return absl::OkStatus();
}

}  // namespace moonpool::explorer
