// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "explorer/fault/fault_report.h"

#include <dlfcn.h>

#include <algorithm>
#include <cstring>
#include <initializer_list>
#include <map>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "explorer/recipe/outcome.h"
#include "providers/base/hash.h"
#include "sim/guard/stack.h"

namespace moonpool {
namespace {

// So many of the innermost functions tell one crash from another.
constexpr size_t kTellingFunctions = 3;
// Between a shared library and a place in it.
constexpr absl::string_view kNamelessMark = "(+0x";
// In so many frames a function shows that it recurs.
constexpr int kRecurs = 3;

bool StartsWithAny(absl::string_view name,
                   std::initializer_list<absl::string_view> prefixes) {
  return std::any_of(prefixes.begin(), prefixes.end(),
                     [name](absl::string_view prefix) {
                       return absl::StartsWith(name, prefix);
                     });
}

bool IsOneOf(std::initializer_list<absl::string_view> names,
             absl::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// A nameless function of a shared library: "libc.so.6(+0x8aeec)", which is the
// same wherever that lies. Otherwise the address.
std::string Nameless(uint64_t pc) {
  Dl_info found = {};
  dladdr(reinterpret_cast<const void*>(pc), &found);
  absl::string_view file = found.dli_fname == nullptr ? "" : found.dli_fname;
  if (!absl::StrContains(file, ".so")) return absl::StrCat("0x", absl::Hex(pc));
  file.remove_prefix(file.rfind('/') + 1);  // npos + 1: nothing
  return absl::StrCat(
      file, kNamelessMark,
      absl::Hex(pc - reinterpret_cast<uintptr_t>(found.dli_fbase)), ")");
}

// What the code under test called, and died in.
bool IsLibrary(absl::string_view name) {
  // Those of C and C++; code under test is linked into the program.
  if (absl::StrContains(name, kNamelessMark)) return true;
  if (StartsWithAny(name,
                    {"std::", "absl::", "__gnu_cxx::", "__cxxabiv1::",
                     "operator new", "operator delete", "moonpool::fault::",
                     "moonpool::internal::", "(anonymous namespace)::NewImpl",
                     "(anonymous namespace)::AlignedNewImpl",
                     "(anonymous namespace)::DeleteImpl"})) {
    return true;
  }
  // The arena's.
  absl::string_view own = name;
  if (absl::ConsumePrefix(&own, "moonpool::(anonymous namespace)::")) {
    return IsOneOf(
        {"Allocate()", "AllocateBlock()", "AllocateRun()", "AllocateSlowly()",
         "TakePages()", "Exhausted()", "Free()", "ShuffleSmall()"},
        own);
  }
  // libc's. "raise.constprop.0", "abort.cold": what the compiler made of it.
  name = name.substr(0, std::max<size_t>(1, name.find('.')));
  if (StartsWithAny(name, {"__asan", "__ubsan", "__sanitizer", "__interceptor",
                           "___interceptor", "_Unwind", "__cxa_", "__libc_",
                           "__clang_call_terminate", "__pthread_kill", "__GI_",
                           "_IO_", "_int_", "_dl_", "__run_exit", "__mem",
                           "__str", "__wmem", "__wcs"})) {
    return true;
  }
  while (absl::ConsumePrefix(&name, "_")) {
  }
  return absl::EndsWith(name, "_chk") || IsOneOf({"raise",
                                                  "gsignal",
                                                  "pthread_kill",
                                                  "abort",
                                                  "exit",
                                                  "quick_exit",
                                                  "restore_rt",
                                                  "malloc",
                                                  "calloc",
                                                  "realloc",
                                                  "free",
                                                  "cfree",
                                                  "malloc_printerr",
                                                  "malloc_consolidate",
                                                  "unlink_chunk",
                                                  "sysmalloc",
                                                  "tcache_get",
                                                  "memcpy",
                                                  "memmove",
                                                  "memset",
                                                  "memcmp",
                                                  "strlen",
                                                  "strcmp",
                                                  "strcpy",
                                                  "assert_fail",
                                                  "assert_fail_base",
                                                  "stack_chk_fail",
                                                  "fortify_fail"},
                                                 name);
}

// The engine, where it calls the code under test.
bool IsCaller(absl::string_view name) {
  return StartsWithAny(name, {"moonpool::Iteration::"});
}
bool IsCallersHelper(absl::string_view name) {
  return StartsWithAny(name, {"moonpool::World::", "moonpool::ReadyQueue::",
                              "moonpool::Machine::", "moonpool::Cluster::",
                              "moonpool::TaskSet::", "std::"});
}

// Looked up once: a campaign may crash in every timeline, at the same place.
const std::string& NameOf(uint64_t pc) {
  static auto& names = *new std::map<uint64_t, std::string>;
  auto [it, is_new] = names.try_emplace(pc);
  if (is_new) {
    // FunctionAt wants a return address.
    it->second = FunctionAt(reinterpret_cast<const void*>(pc + 1));
    if (it->second.empty()) it->second = Nameless(pc);
  }
  return it->second;
}

// A recursion runs out of stack in any of its functions, and in whatever they
// call: those that recur are the bug, in the order of their names.
std::vector<std::string> Recurring(const std::vector<std::string>& stack) {
  std::map<std::string, int> counts;
  for (const std::string& name : stack) ++counts[name];
  std::vector<std::string> recurring;
  for (const auto& [name, count] : counts) {
    if (count >= kRecurs) recurring.push_back(name);
  }
  return recurring.empty() ? stack : recurring;
}

// The functions that make the bug.
std::vector<std::string> Telling(FaultKind kind,
                                 std::vector<std::string> stack) {
  switch (kind) {
    case FaultKind::kEventsOnly:
      return {};  // any moment of the loop
    case FaultKind::kNoEvent:
      // Below it any moment of the loop.
      if (!stack.empty()) stack.erase(stack.begin(), stack.end() - 1);
      break;
    case FaultKind::kStackOverflow:
      stack = Recurring(stack);
      break;
    default:
      break;
  }
  if (stack.size() > kTellingFunctions) stack.resize(kTellingFunctions);
  return stack;
}

std::string SignalName(int signal) {
  const char* name = sigabbrev_np(signal);
  return name == nullptr ? absl::StrCat("signal ", signal)
                         : absl::StrCat("SIG", name);
}

struct Title {
  absl::string_view kind;
  std::string what;
};

absl::string_view NoteOf(const FaultRecord& record) {
  return {record.note, strnlen(record.note, sizeof(record.note))};
}

// The first function of the stack that begins like this, or "".
absl::string_view FindFunction(
    const FaultRecord& record,
    std::initializer_list<absl::string_view> prefixes) {
  const uint32_t count =
      std::min(record.frame_count.load(), FaultRecord::kMaxFrames);
  for (uint32_t i = 0; i < count; ++i) {
    const std::string& name = NameOf(record.frames[i]);
    if (StartsWithAny(name, prefixes)) return name;
  }
  return "";
}

// It was thrown, and nobody caught it.
bool IsUncaught(const FaultRecord& record) {
  return record.code == SIGABRT && !NoteOf(record).empty() &&
         !FindFunction(record, {"std::terminate", "__cxxabiv1::__terminate"})
              .empty();
}

// What the sanitizer calls it. UBSan has a function for each kind of error:
// "undefined behaviour: add_overflow".
std::string SanitizerError(const FaultRecord& record) {
  constexpr absl::string_view kHandler = "__ubsan_handle_";
  absl::string_view handler = FindFunction(record, {kHandler});
  if (!absl::ConsumePrefix(&handler, kHandler)) {
    return std::string(NoteOf(record));
  }
  absl::ConsumeSuffix(&handler, "_abort");
  return absl::StrCat(NoteOf(record), ": ", handler);
}

Title TitleOf(const FaultRecord& record, FaultKind kind) {
  switch (kind) {
    case FaultKind::kSignal:
      if (IsUncaught(record)) {
        return {"exception",
                absl::StrCat("uncaught ",
                             Demangle(std::string(NoteOf(record)).c_str()))};
      }
      return {"crash", SignalName(record.code)};
    case FaultKind::kStackOverflow:
      return {"crash", "stack overflow"};
    case FaultKind::kNoEvent:
      return {"hang", "no event for too long: an endless loop"};
    case FaultKind::kEventsOnly:
      return {"hang", "events without end"};
    case FaultKind::kExit:
      return {"exit", absl::StrCat("exit(", record.code, ")")};
    case FaultKind::kOutOfMemory:
      return {"out of memory", "more than the memory limit"};
    case FaultKind::kWildWrite:
      return {kWildWrite, "a write to the explorer's memory"};
    default:
      return {"sanitizer", SanitizerError(record)};
  }
}

void AddPhase(const FaultRecord& record, Violation& violation) {
  const absl::string_view phase(record.phase,
                                strnlen(record.phase, sizeof(record.phase)));
  if (phase.empty()) return;
  absl::StrAppend(&violation.message, ", phase ", phase);
  violation.identity = Combine64(violation.identity, HashBytes(phase));
}

}  // namespace

std::vector<std::string> StackOf(const FaultRecord& record) {
  std::vector<std::string> stack;
  const uint32_t count =
      std::min(record.frame_count.load(), FaultRecord::kMaxFrames);
  for (uint32_t i = 0; i < count; ++i) {
    const std::string& name = NameOf(record.frames[i]);
    if (IsCaller(name)) break;
    stack.push_back(name);
  }
  while (stack.size() > 1 && IsCallersHelper(stack.back())) stack.pop_back();
  const auto mine = std::find_if_not(stack.begin(), stack.end(), IsLibrary);
  if (mine != stack.end()) stack.erase(stack.begin(), mine);
  return stack;
}

Violation FaultViolation(const FaultRecord& record, int wait_status) {
  const FaultKind kind = record.kind.load();
  if (kind == FaultKind::kNone || kind > FaultKind::kWildWrite) {
    Violation violation = CrashViolation(wait_status);
    AddPhase(record, violation);
    return violation;
  }
  const std::vector<std::string> stack = StackOf(record);
  const std::vector<std::string> telling = Telling(kind, stack);
  const Title title = TitleOf(record, kind);
  Violation violation;
  violation.kind = std::string(title.kind);
  violation.message = title.what;
  if (!telling.empty()) {
    absl::StrAppend(&violation.message, " in ", telling.front());
  }
  violation.identity = HashBytes(absl::StrCat(
      title.kind, "\n", title.what, "\n", absl::StrJoin(telling, "\n")));
  AddPhase(record, violation);
  // An endless loop is stopped anywhere: its stack would make of one bug
  // another recipe each time.
  if (kind != FaultKind::kNoEvent && kind != FaultKind::kEventsOnly &&
      kind != FaultKind::kStackOverflow) {
    violation.details = absl::StrJoin(stack, " < ");
  }
  violation.time_ns = record.time_ns;
  violation.event = record.event;
  violation.draw = record.draw;
  return violation;
}

}  // namespace moonpool
