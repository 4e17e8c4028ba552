// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "explorer/doctor/compare.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "explorer/recipe/outcome.h"
#include "sim/core/world.h"
#include "sim/guard/stack.h"

namespace moonpool {
namespace {

template <typename Container>
size_t FirstMismatch(const Container& a, const Container& b) {
  return static_cast<size_t>(
      std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first - a.begin());
}

std::string LineAround(const std::string& text, size_t at) {
  const size_t begin = at == 0 ? 0 : text.rfind('\n', at - 1) + 1;
  return text.substr(begin, text.find('\n', at) - begin);
}

// Not the hash: it tells only that something before was different.
bool IsSameStep(const RecordedWord& a, const RecordedWord& b) {
  return a.kind == b.kind && std::equal(a.words, a.words + 3, b.words) &&
         a.event == b.event && a.draw == b.draw && a.type == b.type &&
         std::equal(a.stack, a.stack + a.frames, b.stack, b.stack + b.frames);
}

std::string TraceKindName(uint64_t kind) {
  switch (static_cast<TraceKind>(kind)) {
    case TraceKind::kConnect:
      return "connection";
    case TraceKind::kSegment:
      return "segment";
    case TraceKind::kReset:
      return "reset";
    case TraceKind::kDisk:
      return "disk operation";
    case TraceKind::kCrash:
      return "crash";
    case TraceKind::kBoot:
      return "boot";
    case TraceKind::kFault:
      return "fault";
  }
  return absl::StrCat("trace of kind ", kind);
}

std::string Describe(const RecordedWord& word) {
  switch (word.kind) {
    case TraceListener::Kind::kEvent:
      return absl::StrCat("event of ", word.type == 0
                                           ? "unknown type"
                                           : Demangle(AddressOf(word.type)));
    case TraceListener::Kind::kDraw:
      return "random draw";
    case TraceListener::Kind::kFixedDraw:
      return absl::StrCat("draw for the configuration, ", word.words[0]);
    case TraceListener::Kind::kTrace:
      return absl::StrCat(TraceKindName(word.words[0]), ", target ",
                          word.words[1], ", payload ", word.words[2]);
  }
  return "";
}

// The recorder's and the engine's innermost frames say nothing.
bool IsMachinery(const std::string& name) {
  for (const char* prefix :
       {"moonpool::Recorder::", "moonpool::RandomSource::",
        "moonpool::World::RecordTrace", "moonpool::World::Sample"}) {
    if (absl::StartsWith(name, prefix)) return true;
  }
  return false;
}

DivergedStep StepOf(const std::vector<RecordedWord>& words, size_t index) {
  DivergedStep step;
  if (index >= words.size()) {
    step.ended = true;
    step.what = "the run's end";
    if (!words.empty()) {
      step.event = words.back().event;
      step.draw = words.back().draw;
      step.time_ns = words.back().time_ns;
    }
    return step;
  }
  const RecordedWord& word = words[index];
  step.what = Describe(word);
  step.event = word.event;
  step.draw = word.draw;
  step.time_ns = word.time_ns;
  for (int i = 0; i < word.frames; ++i) {
    std::string name =
        word.stack[i] == 0 ? "" : FunctionAt(AddressOf(word.stack[i]));
    if (name.empty() || (step.stack.empty() && IsMachinery(name))) continue;
    // Below it is only the command line.
    if (absl::StartsWith(name, "moonpool::SimulationBuilder::RunIteration")) {
      break;
    }
    // The address tells two places of one function apart.
    step.stack.push_back(absl::StrCat(
        name, "  0x",
        absl::Hex(reinterpret_cast<uintptr_t>(AddressOf(word.stack[i])))));
  }
  return step;
}

bool IsSameEvent(const RecordedEvent& a, const RecordedEvent& b) {
  return a.time_ns == b.time_ns && a.hash == b.hash;
}

// The last event that had begun before this byte was written.
RecordedEvent EventOfOutput(const std::vector<RecordedEvent>& events,
                            size_t byte) {
  RecordedEvent result = {};
  for (const RecordedEvent& event : events) {
    if (event.output > byte) break;
    result = event;
  }
  return result;
}

}  // namespace

std::string DifferenceOf(const DoctorRun& a, const DoctorRun& b) {
  const TimelineOutcome& x = a.outcome;
  const TimelineOutcome& y = b.outcome;
  if (x.trace_hash() != y.trace_hash() || x.events() != y.events() ||
      x.draws() != y.draws()) {
    const auto end = [](const TimelineOutcome& outcome) {
      return outcome.finished()
                 ? absl::StrCat(HashToHex(outcome.trace_hash()), " after ",
                                outcome.events(), " events")
                 : std::string("none, its process died");
    };
    return absl::StrCat("trace hash: ", end(x), " and ", end(y));
  }
  for (int i = 0; i < std::max(x.violations_size(), y.violations_size()); ++i) {
    const auto text = [i](const TimelineOutcome& outcome) {
      if (i >= outcome.violations_size()) return std::string("none");
      const ExpectedViolation& violation = outcome.violations(i);
      return absl::StrCat(violation.kind(), ": ", violation.message(), " ",
                          violation.details());
    };
    if (text(x) == text(y)) continue;
    return absl::StrCat("violation ", i + 1, ": \"", text(x), "\" and \"",
                        text(y), "\"");
  }
  for (int i = 0; i < std::max(x.occurrences_size(), y.occurrences_size());
       ++i) {
    const auto text = [i](const TimelineOutcome& outcome) {
      if (i >= outcome.occurrences_size()) return std::string("none");
      const Occurrence& occurrence = outcome.occurrences(i);
      return absl::StrCat(occurrence.who(), " ", occurrence.what(), " at ",
                          occurrence.time_ns(), " ns");
    };
    if (text(x) == text(y)) continue;
    return absl::StrCat("occurrence ", i + 1, ": \"", text(x), "\" and \"",
                        text(y), "\"");
  }
  if (!std::equal(x.assertion_passes().begin(), x.assertion_passes().end(),
                  y.assertion_passes().begin(), y.assertion_passes().end()) ||
      !std::equal(x.assertion_fails().begin(), x.assertion_fails().end(),
                  y.assertion_fails().begin(), y.assertion_fails().end())) {
    return "how often assertions were evaluated";
  }
  if (a.output != b.output) {
    const size_t at = FirstMismatch(a.output, b.output);
    return absl::StrCat("what the runs wrote: \"", LineAround(a.output, at),
                        "\" and \"", LineAround(b.output, at), "\"");
  }
  return "";
}

Search FindDivergence(const DoctorRun& a, const DoctorRun& b,
                      uint64_t recorded_from) {
  const size_t events = std::min(a.events.size(), b.events.size());
  size_t parted = 0;  // the first event that differs
  while (parted < events && IsSameEvent(a.events[parted], b.events[parted])) {
    ++parted;
  }
  const bool trace_differs = DifferenceOf(a, b) != "" || parted < events ||
                             a.events.size() != b.events.size();
  if (!trace_differs) return {};
  // The runs part before that event, in the course of the one before it.
  const uint64_t common = parted == 0 ? 0 : a.events[parted - 1].event;

  const size_t words = std::min(a.words.size(), b.words.size());
  size_t first = 0;
  while (first < words && IsSameStep(a.words[first], b.words[first]) &&
         a.words[first].hash == b.words[first].hash) {
    ++first;
  }
  if (first == 0 && recorded_from > 0 && words > 0 &&
      a.words[0].hash != b.words[0].hash) {
    return {.found = std::nullopt,
            .record_from = std::min(common, recorded_from - 1)};
  }
  const bool full = a.words.size() == Recorder::kMaxWords ||
                    b.words.size() == Recorder::kMaxWords;
  if (first < words || (a.words.size() != b.words.size() && !full)) {
    // Equal steps and unequal hashes: the value of the step before differed.
    if (first < words && first > 0 &&
        IsSameStep(a.words[first], b.words[first])) {
      --first;
    }
    Divergence found;
    found.steps = {StepOf(a.words, first), StepOf(b.words, first)};
    const DivergedStep& earlier =
        found.steps[1].ended || found.steps[0].event < found.steps[1].event
            ? found.steps[0]
            : found.steps[1];
    found.event = earlier.event;
    found.time_ns = earlier.time_ns;
    return {.found = std::move(found), .record_from = std::nullopt};
  }
  if (parted < events || a.events.size() != b.events.size()) {
    // Beyond what was recorded.
    return {.found = std::nullopt, .record_from = common};
  }
  if (a.output != b.output) {
    const RecordedEvent event =
        EventOfOutput(a.events, FirstMismatch(a.output, b.output));
    return {.found = Divergence{.event = event.event,
                                .time_ns = event.time_ns,
                                .steps = {}},
            .record_from = std::nullopt};
  }
  // A violation or an occurrence.
  for (int i = 0;
       i < std::min(a.outcome.violations_size(), b.outcome.violations_size());
       ++i) {
    const ExpectedViolation& x = a.outcome.violations(i);
    const ExpectedViolation& y = b.outcome.violations(i);
    if (x.message() == y.message() && x.details() == y.details()) continue;
    return {
        .found =
            Divergence{.event = x.event(), .time_ns = x.time_ns(), .steps = {}},
        .record_from = std::nullopt};
  }
  return {};
}

}  // namespace moonpool
