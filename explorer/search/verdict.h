// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// What to think of a result. The code under test could write to it, and to
// other memory of the explorer; and its process may have died. All of these
// look at the coordinator's own copy of the result, which nobody can change.
#ifndef MOONPOOL_EXPLORER_SEARCH_VERDICT_H_
#define MOONPOOL_EXPLORER_SEARCH_VERDICT_H_

#include <cstddef>

#include "explorer/search/job.h"
#include "explorer/shared/region.h"

namespace moonpool::explorer {

// Whether code under test has written, or may have, to the result of the job or
// to other memory of the explorer. assertions: in the table.
bool IsSuspect(const Job& job, const JobOrder& order, const JobSlot& slot,
               size_t assertions);

// Of a guarded job: if it has spoilt even what the engine keeps in its own
// memory, its result is that violation and nothing else.
void CheckIntact(const JobOrder& order, size_t assertions, JobSlot& slot);

// The death of a timeline's process is its violation.
void NameDeath(const Job& job, JobSlot& slot);

}  // namespace moonpool::explorer

#endif  // MOONPOOL_EXPLORER_SEARCH_VERDICT_H_
