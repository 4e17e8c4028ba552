// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "explorer/coverage/edges.h"

#include <cstring>

#include "absl/strings/str_cat.h"
#include "sim/guard/stack.h"

extern "C" {
// Where the program begins, by courtesy of the linker: addresses are told from
// there, as it may be loaded anywhere.
extern const char __executable_start[] __attribute__((weak));
}

namespace moonpool::coverage {
namespace {

// What the compiler writes for each edge, next to its counter.
struct PcEntry {
  uintptr_t address;
  uintptr_t flags;
};
constexpr uintptr_t kIsFunction = 1;

// Filled in before main, by constructors of the instrumented modules, so
// nothing here needs one.
constinit CounterRange ranges[kMaxModules + 1] = {};
constinit const PcEntry* pcs[kMaxModules] = {};
constinit size_t module_count = 0;
constinit size_t edge_count = 0;

void AddCounters(uint8_t* begin, uint8_t* end) {
  if (begin == end) return;
  for (size_t i = 0; i < module_count; ++i) {
    if (ranges[i].counters == begin) return;  // each file of it calls
  }
  if (module_count == kMaxModules) __builtin_trap();
  const auto size = static_cast<size_t>(end - begin);
  ranges[module_count++] = {
      .counters = begin, .size = size, .first = edge_count};
  edge_count += size;
  ranges[module_count].first = edge_count;
}

void AddPcs(const PcEntry* begin, const PcEntry* end) {
  // A module tells of its counters first.
  for (size_t i = module_count; i > 0; --i) {
    if (pcs[i - 1] == begin) return;
    if (pcs[i - 1] != nullptr ||
        ranges[i - 1].size != static_cast<size_t>(end - begin)) {
      continue;
    }
    pcs[i - 1] = begin;
    return;
  }
}

PcEntry PcOf(size_t edge) {
  size_t module = 0;
  while (edge >= ranges[module].first + ranges[module].size) ++module;
  if (pcs[module] == nullptr) return {};
  return pcs[module][edge - ranges[module].first];
}

}  // namespace

size_t EdgeCount() { return edge_count; }

const CounterRange* CounterRanges() { return ranges; }

void ResetCounters() {
  for (size_t i = 0; i < module_count; ++i) {
    memset(ranges[i].counters, 0, ranges[i].size);
  }
}

uint64_t EdgeId(size_t edge) {
  const uintptr_t address = PcOf(edge).address;
  // Without addresses the number has to do.
  return address == 0
             ? edge
             : address - reinterpret_cast<uintptr_t>(__executable_start);
}

std::vector<Function> Functions() {
  std::vector<Function> functions;
  for (size_t edge = 0; edge < edge_count; ++edge) {
    const PcEntry pc = PcOf(edge);
    if ((pc.flags & kIsFunction) != 0 || functions.empty()) {
      functions.push_back({.address = pc.address, .first = edge, .edges = 0});
    }
    ++functions.back().edges;
  }
  return functions;
}

std::string NameOf(const Function& function) {
  // FunctionAt wants a return address.
  std::string name =
      FunctionAt(reinterpret_cast<const void*>(function.address + 1));
  return name.empty() ? absl::StrCat("0x", absl::Hex(function.address)) : name;
}

std::string PlaceOf(const Function& function, size_t edge) {
  return absl::StrCat(NameOf(function), "+0x",
                      absl::Hex(PcOf(edge).address - function.address));
}

}  // namespace moonpool::coverage

extern "C" {
__attribute__((visibility("default"))) void __sanitizer_cov_8bit_counters_init(
    uint8_t* begin, uint8_t* end) {
  moonpool::coverage::AddCounters(begin, end);
}
__attribute__((visibility("default"))) void __sanitizer_cov_pcs_init(
    const uintptr_t* begin, const uintptr_t* end) {
  using moonpool::coverage::PcEntry;
  moonpool::coverage::AddPcs(reinterpret_cast<const PcEntry*>(begin),
                             reinterpret_cast<const PcEntry*>(end));
}
}
