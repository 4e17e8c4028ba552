// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// What the death of a timeline's process is called. Whoever runs timelines in
// processes of their own names their deaths here, so that search and replay
// mean the same bug by the same identity.
#ifndef MOONPOOL_EXPLORER_FAULT_FAULT_REPORT_H_
#define MOONPOOL_EXPLORER_FAULT_FAULT_REPORT_H_

#include <string>
#include <vector>

#include "explorer/fault/fault.h"
#include "sim/assertions/table.h"

namespace moonpool {

// The violation that a death is: kind "crash", "hang", "exit", "out of memory",
// "sanitizer" or "wild write"; its message names the phase and the function; its details
// are the stack. REQUIRES: this process was forked from the same program as
// the one that died. wait_status speaks for a process that noted nothing.
//
// What counts as the same bug: kind, signal and phase, and of the stack what
// does not depend on when or where the process was stopped (README.md).
Violation FaultViolation(const FaultRecord& record, int wait_status);

// The functions of the stack, innermost first, from the code under test up to
// where the engine called it. "0x…": unknown.
std::vector<std::string> StackOf(const FaultRecord& record);

}  // namespace moonpool

#endif  // MOONPOOL_EXPLORER_FAULT_FAULT_REPORT_H_
