// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Stacks, in static binaries too (where dladdr knows nothing): return
// addresses now, names later.
#ifndef MOONPOOL_SIM_GUARD_STACK_H_
#define MOONPOOL_SIM_GUARD_STACK_H_

#include <string>
#include <vector>

namespace moonpool {

// The return addresses above the caller, innermost first; at most max of them.
// Returns how many. Allocates nothing.
int CaptureStack(void** addresses, int max);

// The function's demangled name without its parameters, or "" if unknown
// (stripped binaries). Engine code only: it allocates.
std::string FunctionAt(const void* return_address);

// The names of this stack from the caller on, unknown ones as hexadecimal
// addresses.
std::vector<std::string> SymbolizedStack();

// "moonpool::Foo" for the name() of a type_info.
std::string Demangle(const char* mangled);

}  // namespace moonpool

#endif  // MOONPOOL_SIM_GUARD_STACK_H_
