// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "explorer/search/verdict.h"

#include <string>

#include "explorer/fault/fault_report.h"
#include "explorer/recipe/outcome.h"
#include "explorer/search/log_codec.h"
#include "providers/base/hash.h"

namespace moonpool::explorer {

bool IsSuspect(const Job& done, const JobOrder& order, const JobSlot& slot,
               size_t assertions) {
  if (done.is_guarded) return false;
  if (done.is_lost || !slot.IsIntact(order, assertions)) return true;
  if (slot.finished.load() != 0 || slot.has_violation.load() != 0) return false;
  // It may have finished, and that has been overwritten.
  return done.wait_status == 0 ||
         slot.fault.kind.load() == FaultKind::kWildWrite;
}

void CheckIntact(const JobOrder& order, size_t assertions, JobSlot& slot) {
  if (slot.IsIntact(order, assertions)) return;
  slot.discovery_count.store(0);
  slot.arrival_count.store(0);
  slot.discoveries_dropped = 0;
  slot.edge_count.store(0);
  slot.finished.store(0);
  Violation violation;
  violation.kind = std::string(kWildWrite);
  violation.message =
      "a timeline's result was overwritten in the explorer's memory";
  violation.identity = HashBytes(violation.kind);
  ToRecord(violation, slot.violation);
  slot.has_violation.store(1);
}

// From its notes, which are then no longer needed: the log has the violation.
void NameDeath(const Job& done, JobSlot& slot) {
  if (slot.finished.load() != 0 || slot.has_violation.load() != 0) return;
  ToRecord(FaultViolation(slot.fault, done.wait_status), slot.violation);
  slot.has_violation.store(1);
}

}  // namespace moonpool::explorer
