// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "sim/guard/stack.h"

#include <cxxabi.h>
#include <unwind.h>

#include <cstdint>
#include <cstdlib>

#include "absl/debugging/symbolize.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace moonpool {
namespace {

struct Walk {
  void** addresses;
  int size;
  int max;
  int skip;
};

_Unwind_Reason_Code OnFrame(_Unwind_Context* context, void* argument) {
  Walk& walk = *static_cast<Walk*>(argument);
  const uintptr_t address = _Unwind_GetIP(context);
  if (address == 0 || walk.size == walk.max) return _URC_END_OF_STACK;
  if (walk.skip > 0) {
    --walk.skip;
    return _URC_NO_REASON;
  }
  walk.addresses[walk.size++] = reinterpret_cast<void*>(address);
  return _URC_NO_REASON;
}

}  // namespace

__attribute__((noinline)) int CaptureStack(void** addresses, int max) {
  Walk walk = {.addresses = addresses, .size = 0, .max = max, .skip = 1};
  _Unwind_Backtrace(&OnFrame, &walk);
  return walk.size;
}

std::string FunctionAt(const void* return_address) {
  char name[1024];
  // A call may be a function's last instruction: look at the call itself.
  const char* call = static_cast<const char*>(return_address) - 1;
  if (!absl::Symbolize(call, name, sizeof(name))) return "";
  std::string function = absl::StartsWith(name, "_Z") ? Demangle(name) : name;
  // A coroutine is compiled into several functions of one name.
  for (const absl::string_view part : {" [clone .resume]", " [clone .destroy]",
                                       " [clone .cleanup]", ".resume"}) {
    const size_t at = function.rfind(std::string(part));
    if (at != std::string::npos && at + part.size() == function.size()) {
      function.resize(at);
    }
  }
  return function;
}

__attribute__((noinline)) std::vector<std::string> SymbolizedStack() {
  constexpr int kMaxFrames = 48;
  void* addresses[kMaxFrames];
  const int size = CaptureStack(addresses, kMaxFrames);
  std::vector<std::string> names;
  for (int i = 1; i < size; ++i) {
    std::string name = FunctionAt(addresses[i]);
    if (name.empty()) {
      name = absl::StrCat("0x",
                          absl::Hex(reinterpret_cast<uintptr_t>(addresses[i])));
    }
    names.push_back(std::move(name));
  }
  return names;
}

std::string Demangle(const char* mangled) {
  int status = 0;
  char* demangled = abi::__cxa_demangle(mangled, nullptr, nullptr, &status);
  std::string name = status == 0 ? demangled : mangled;
  free(demangled);
  return name;
}

}  // namespace moonpool
