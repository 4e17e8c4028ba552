// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "explorer/recipe/outcome.h"

#include <sys/wait.h>

#include <algorithm>
#include <cstring>
#include <map>

#include "absl/strings/str_cat.h"
#include "explorer/fault/fault.h"
#include "providers/base/hash.h"

namespace moonpool {
namespace {

// The length of the UTF-8 sequence that the text begins with; 0 if none.
size_t Utf8Length(absl::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  const uint8_t lead = byte(0);
  if (lead < 0x80) return 1;
  size_t length = 0;
  uint32_t code = 0;
  if (lead >= 0xC2 && lead <= 0xDF) {
    length = 2;
    code = lead & 0x1F;
  } else if ((lead & 0xF0) == 0xE0) {
    length = 3;
    code = lead & 0x0F;
  } else if (lead >= 0xF0 && lead <= 0xF4) {
    length = 4;
    code = lead & 0x07;
  }
  if (length == 0 || text.size() < length) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
    code = code << 6 | (byte(i) & 0x3F);
  }
  // Overlong forms, surrogates, beyond Unicode.
  if (length == 3 && (code < 0x800 || (code >= 0xD800 && code <= 0xDFFF))) {
    return 0;
  }
  if (length == 4 && (code < 0x10000 || code > 0x10FFFF)) return 0;
  return length;
}

std::string Quoted(const ExpectedViolation& violation) {
  return absl::StrCat(violation.kind(), " \"", violation.message(), "\"");
}

void DivergesAt(uint64_t draw, uint64_t event, ReplayVerdict& verdict) {
  verdict.set_diverged_at_draw(static_cast<double>(draw));
  verdict.set_diverged_at_event(static_cast<double>(event));
}

// Finds the first sample of the recipe that the replay passed with another
// hash. Samples are matched by their events: a run of another length keeps
// other ones. False if all in common agree.
bool LocateDivergence(const BugRecipe& recipe, const TimelineOutcome& outcome,
                      ReplayVerdict& verdict) {
  std::map<uint64_t, const TraceSample*> replayed;
  for (const TraceSample& sample : outcome.trace_samples()) {
    replayed[sample.events()] = &sample;
  }
  for (const TraceSample& sample : recipe.trace_samples()) {
    const auto found = replayed.find(sample.events());
    if (found == replayed.end()) continue;
    if (found->second->hash() != sample.hash() ||
        found->second->draws() != sample.draws()) {
      DivergesAt(std::min(sample.draws(), found->second->draws()),
                 sample.events(), verdict);
      return true;
    }
    verdict.set_common_draw(static_cast<double>(sample.draws()));
    verdict.set_common_event(static_cast<double>(sample.events()));
  }
  return false;
}

ReplayVerdict Diverged(const BugRecipe& recipe, const TimelineOutcome& outcome,
                       std::string explanation) {
  ReplayVerdict verdict;
  verdict.set_verdict("DIVERGED");
  if (!LocateDivergence(recipe, outcome, verdict)) {
    uint64_t draws = recipe.draws();
    uint64_t events = recipe.events();
    if (outcome.finished()) {
      // A recipe of a crash has no counts of its own.
      draws = draws == 0 ? outcome.draws() : std::min(draws, outcome.draws());
      events =
          events == 0 ? outcome.events() : std::min(events, outcome.events());
    }
    DivergesAt(draws, events, verdict);
  }
  verdict.set_explanation(std::move(explanation));
  return verdict;
}

ReplayVerdict Judge(const BugRecipe& recipe, const TimelineOutcome& outcome) {
  const ExpectedViolation& expected = recipe.expected();
  if (outcome.violations().empty()) {
    return Diverged(recipe, outcome,
                    absl::StrCat("nothing was violated; the recipe expects ",
                                 Quoted(expected)));
  }
  const ExpectedViolation& found = outcome.violations(0);
  if (found.identity() != expected.identity()) {
    return Diverged(recipe, outcome,
                    absl::StrCat("another violation, ", Quoted(found),
                                 "; the recipe expects ", Quoted(expected)));
  }
  ReplayVerdict verdict;
  verdict.set_verdict("MATCH");
  // The trace of a process that died is not known, here or when it was found.
  if (recipe.trace_hash() == 0 || !outcome.finished()) {
    if (recipe.trace_hash() != 0) {
      return Diverged(recipe, outcome,
                      "same violation, but the process died after it");
    }
    verdict.set_explanation("same violation");
    return verdict;
  }
  if (outcome.trace_hash() != recipe.trace_hash() ||
      outcome.events() != recipe.events()) {
    return Diverged(recipe, outcome, "same violation, but another trace");
  }
  verdict.set_explanation("same violation, same trace hash");
  return verdict;
}

}  // namespace

Violation CrashViolation(int wait_status) {
  Violation violation;
  if (WIFSIGNALED(wait_status) && WTERMSIG(wait_status) == kHangSignal) {
    violation.kind = "hang";
    violation.message = "no event for too long: an endless loop?";
  } else if (WIFSIGNALED(wait_status)) {
    const int signal = WTERMSIG(wait_status);
    violation.kind = "crash";
    violation.message =
        absl::StrCat("killed by signal ", signal, " (", strsignal(signal), ")");
  } else {
    violation.kind = "exit";
    violation.message =
        absl::StrCat("the process exited with code ", WEXITSTATUS(wait_status));
  }
  violation.identity =
      HashBytes(absl::StrCat(violation.kind, violation.message));
  return violation;
}

ExpectedViolation ExpectedOf(const Violation& violation) {
  ExpectedViolation expected;
  expected.set_identity(violation.identity);
  expected.set_kind(ToValidUtf8(violation.kind));
  expected.set_message(ToValidUtf8(violation.message));
  expected.set_details(ToValidUtf8(violation.details));
  expected.set_time_ns(violation.time_ns);
  expected.set_event(violation.event);
  expected.set_draw(violation.draw);
  expected.set_place(ToValidUtf8(violation.place));
  return expected;
}

Violation ViolationOf(const ExpectedViolation& expected) {
  Violation violation;
  violation.identity = expected.identity();
  violation.kind = expected.kind();
  violation.message = expected.message();
  violation.details = expected.details();
  violation.time_ns = expected.time_ns();
  violation.event = expected.event();
  violation.draw = expected.draw();
  violation.place = expected.place();
  return violation;
}

bool ToleratesWildWrites(const BugRecipe& recipe) {
  return recipe.has_expected() && recipe.expected().kind() != kWildWrite;
}

ReplayVerdict CompareReplay(const BugRecipe& recipe,
                            const TimelineOutcome& outcome) {
  ReplayVerdict verdict;
  if (recipe.has_expected()) {
    verdict = Judge(recipe, outcome);
    verdict.set_expected_trace_hash(HashToHex(recipe.trace_hash()));
  } else if (outcome.violations().empty()) {
    verdict.set_verdict("NOTHING");
    verdict.set_explanation("nothing was violated");
  } else {
    verdict.set_verdict("VIOLATION");
    verdict.set_explanation("the recipe says nothing to compare with");
  }
  verdict.set_trace_hash(HashToHex(outcome.trace_hash()));
  return verdict;
}

std::string ToValidUtf8(absl::string_view bytes) {
  std::string valid;
  valid.reserve(bytes.size());
  while (!bytes.empty()) {
    const size_t length = Utf8Length(bytes);
    if (length > 0) {
      absl::StrAppend(&valid, bytes.substr(0, length));
      bytes.remove_prefix(length);
    } else {
      absl::StrAppend(
          &valid, "\\x",
          absl::Hex(static_cast<uint8_t>(bytes[0]), absl::kZeroPad2));
      bytes.remove_prefix(1);
    }
  }
  return valid;
}

std::string HashToHex(uint64_t hash) {
  return absl::StrCat(absl::Hex(hash, absl::kZeroPad16));
}

}  // namespace moonpool
