// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// The edges of the code under test: those targets of the program that were
// compiled with instrument.bzl. The compiler gives each edge of their control
// flow a counter of one byte and an address; here they are gathered and
// numbered, from 0 on, in the order in which they were linked. The same build
// numbers them alike.
//
// Counters are ordinary private memory: a fork inherits them, and a process
// that is put back in place has those of then (README.md).
#ifndef MOONPOOL_EXPLORER_COVERAGE_EDGES_H_
#define MOONPOOL_EXPLORER_COVERAGE_EDGES_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace moonpool::coverage {

// How many there are. 0: nothing is instrumented.
size_t EdgeCount();

// The counters of adjacent edges, all of one linked module.
struct CounterRange {
  uint8_t* counters = nullptr;
  size_t size = 0;
  size_t first = 0;  // number of the first edge
};
inline constexpr size_t kMaxModules = 64;
// In ascending order; EdgeCount() counters in all. The last one is empty.
const CounterRange* CounterRanges();

// Sets all counters to zero.
void ResetCounters();

// Which edge it is, whatever its number: where it lies in the program.
// REQUIRES (likewise below): edge < EdgeCount().
uint64_t EdgeId(size_t edge);

// A function, as far as it was compiled here: one of a coroutine's parts is a
// function by itself.
struct Function {
  uintptr_t address = 0;
  size_t first = 0;  // its edges are numbered one after the other
  size_t edges = 0;
};
// All of them, by their first edges.
std::vector<Function> Functions();
// Its demangled name, or its address in hexadecimal digits.
std::string NameOf(const Function& function);
// "f+0x3c": the function and how far into it the edge is.
std::string PlaceOf(const Function& function, size_t edge);

}  // namespace moonpool::coverage

#endif  // MOONPOOL_EXPLORER_COVERAGE_EDGES_H_
