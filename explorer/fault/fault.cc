// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "explorer/fault/fault.h"

#include <cxxabi.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <ucontext.h>
#include <unistd.h>
#include <unwind.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <typeinfo>

#include "sim/core/arena.h"
#include "sim/core/world.h"

#if __has_feature(address_sanitizer) || \
    __has_feature(undefined_behavior_sanitizer)
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#define MOONPOOL_SANITIZED 1
#endif

namespace moonpool::fault {
namespace {

#if defined(MOONPOOL_SANITIZED)
constexpr bool kIsSanitized = true;
#else
constexpr bool kIsSanitized = false;
#endif

constexpr uintptr_t kPage = 4096;
// In a page fault's error code.
constexpr greg_t kWasWrite = 2;
constexpr int kSignals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
constexpr size_t kSignalCount = std::size(kSignals);
// How long the watchdog's signal is followed by looks at the world.
constexpr int kLookMilliseconds = 200;
// What stands on a stack above its first frame (environment, arguments).
constexpr uintptr_t kStackSlack = uintptr_t{2} << 20;
// In the handler something may go wrong again, even stand still.
constexpr int kHandlerSeconds = 5;
// The timer of StartWatchdog looks so often in the time without an event that
// it grants, and grants so many times that time altogether.
constexpr int kLooks = 10;
constexpr int kGrants = 4;

// Where the fault was found, if a signal told.
struct Origin {
  uint64_t pc = 0;  // 0: it was no signal
};

alignas(16) char handler_stack[size_t{128} << 10];
// These three on a page with whatever else each forked timeline writes.
[[gnu::section("moonpool_hot")]] constinit FaultRecord* record = nullptr;
// What its children do is not noted.
[[gnu::section("moonpool_hot")]] constinit pid_t owner = 0;
[[gnu::section("moonpool_hot")]] constinit const char* phase = "";
// A sanitizer's handlers, in the order of kSignals: each has its say when the
// notes are made.
struct sigaction sanitizers[kSignalCount] = {};
uintptr_t guarded_begin = 0;
uintptr_t guarded_end = 0;
uintptr_t stack_end = 0;    // addresses below it are a stack overflow
uintptr_t stack_begin = 0;  // of the first frame
const char* pending_note = "";
bool is_noting = false;
bool is_looking = false;
uint64_t looked_at_event = 0;
int looks = 0;
int idle_looks = 0;

// setitimer, which the guard may have replaced, for it is called in a world.
void SetAlarm(int64_t milliseconds) {
  itimerval timer = {};
  timer.it_value.tv_sec = milliseconds / 1000;
  timer.it_value.tv_usec = milliseconds % 1000 * 1000;
  syscall(SYS_setitimer, ITIMER_REAL, &timer, nullptr);
}

template <size_t N>
void Copy(const char* text, char (&to)[N]) {
  size_t i = 0;
  for (; i + 1 < N && text[i] != '\0'; ++i) to[i] = text[i];
  to[i] = '\0';
}

struct Walk {
  const Origin* origin;
  bool is_past_handler;
};

_Unwind_Reason_Code OnFrame(_Unwind_Context* context, void* argument) {
  auto& walk = *static_cast<Walk*>(argument);
  int is_exact = 0;  // not a return address
  const auto pc = static_cast<uint64_t>(_Unwind_GetIPInfo(context, &is_exact));
  if (pc == 0) return _URC_END_OF_STACK;
  // The handler's own frames end where the signal came.
  if (!walk.is_past_handler && pc != walk.origin->pc) return _URC_NO_REASON;
  walk.is_past_handler = true;
  const uint32_t count = record->frame_count.load(std::memory_order_relaxed);
  if (count == FaultRecord::kMaxFrames) return _URC_END_OF_STACK;
  record->frames[count] = is_exact ? pc : pc - 1;
  record->frame_count.store(count + 1, std::memory_order_release);
  return _URC_NO_REASON;
}

bool IsGuarded(uintptr_t at) { return at >= guarded_begin && at < guarded_end; }

void OpenRecord() {
  const auto at = reinterpret_cast<uintptr_t>(record);
  if (!IsGuarded(at)) return;
  const uintptr_t begin = at / kPage * kPage;
  mprotect(reinterpret_cast<void*>(begin), at + sizeof(*record) - begin,
           PROT_READ | PROT_WRITE);
}

// The kind comes first: should the rest fail, it is known at least.
void Note(FaultKind kind, int code, const Origin& origin) {
  if (record == nullptr || is_noting || getpid() != owner ||
      record->kind.load() != FaultKind::kNone) {
    return;
  }
  is_noting = true;
  OpenRecord();
  record->code = code;
  record->time_ns = 0;
  record->event = record->draw = 0;
  Copy(pending_note, record->note);
  record->frame_count.store(0);
  record->kind.store(kind);
  Walk walk = {.origin = &origin, .is_past_handler = origin.pc == 0};
  _Unwind_Backtrace(OnFrame, &walk);
  // How far an endless loop has come depends on the machine.
  World* const world = World::Current();
  if (world != nullptr && kind != FaultKind::kNoEvent &&
      kind != FaultKind::kEventsOnly) {
    record->time_ns = world->now_ns();
    record->event = world->events();
    record->draw = world->random().draws();
  }
  is_noting = false;
}

[[noreturn]] void DieOf(int signal) {
  struct sigaction action = {};
  action.sa_handler = SIG_DFL;
  sigaction(signal, &action, nullptr);
  sigset_t unblocked;
  sigemptyset(&unblocked);
  sigaddset(&unblocked, signal);
  sigprocmask(SIG_UNBLOCK, &unblocked, nullptr);
  raise(signal);
  _exit(128 + signal);
}

bool IsStackOverflow(int signal, const siginfo_t* info, uintptr_t sp) {
  if (signal != SIGSEGV && signal != SIGBUS) return false;
  if (info->si_code <= 0) return false;  // sent by kill or raise
  const auto at = reinterpret_cast<uintptr_t>(info->si_addr);
  // A frame may begin far below the one before, at most by its own size.
  return at < stack_end && sp < stack_end + kStackSlack && sp < stack_begin &&
         at + (size_t{16} << 20) > sp;
}

bool IsWildWrite(int signal, const siginfo_t* info, greg_t error) {
  return signal == SIGSEGV && info->si_code > 0 && (error & kWasWrite) != 0 &&
         IsGuarded(reinterpret_cast<uintptr_t>(info->si_addr));
}

bool IsReadable(uintptr_t at) {
  // The kernel looks, and this process survives it.
  return syscall(SYS_rt_sigprocmask, ~0, at, nullptr, 8) != -1 ||
         errno != EFAULT;
}

// Prints a report and ends the process, if one wants the signal.
void CallSanitizer(int signal, siginfo_t* info, void* argument) {
  for (size_t i = 0; i < kSignalCount; ++i) {
    if (kSignals[i] == signal && sanitizers[i].sa_sigaction != nullptr) {
      sanitizers[i].sa_sigaction(signal, info, argument);
    }
  }
}

void OnSignal(int signal, siginfo_t* info, void* argument) {
  if (is_noting) DieOf(signal);  // noting it went wrong
  SetAlarm(kHandlerSeconds * 1000);
  auto& registers = static_cast<ucontext_t*>(argument)->uc_mcontext.gregs;
  const greg_t rip = registers[REG_RIP];
  const greg_t rsp = registers[REG_RSP];
  const auto at = reinterpret_cast<uintptr_t>(info->si_addr);
  const bool is_overflow =
      IsStackOverflow(signal, info, static_cast<uintptr_t>(rsp));
  // A call of what is no function: nobody knows that frame's size, but only
  // the return address is on it yet.
  const bool is_wild_call = signal == SIGSEGV && info->si_code > 0 &&
                            static_cast<uintptr_t>(rip) == at &&
                            IsReadable(static_cast<uintptr_t>(rsp));
  if (is_wild_call) {
    const auto* top = reinterpret_cast<const greg_t*>(rsp);
    registers[REG_RIP] = *top - 1;
    registers[REG_RSP] += sizeof(greg_t);
  }
  pending_note = "";
  if (const std::type_info* type = abi::__cxa_current_exception_type();
      signal == SIGABRT && type != nullptr) {
    pending_note = type->name();
  }
  const FaultKind kind = is_overflow ? FaultKind::kStackOverflow
                         : IsWildWrite(signal, info, registers[REG_ERR])
                             ? FaultKind::kWildWrite
                             : FaultKind::kSignal;
  Note(kind, signal, {.pc = static_cast<uint64_t>(registers[REG_RIP])});
  registers[REG_RIP] = rip;
  registers[REG_RSP] = rsp;
  CallSanitizer(signal, info, argument);
  DieOf(signal);
}

// What a sanitizer has found; nothing, if a signal was noted before it.
[[maybe_unused]] void OnSanitizerDeath() {
  pending_note = "undefined behaviour";
#if __has_feature(address_sanitizer)
  if (__asan_report_present()) pending_note = __asan_get_report_description();
#endif
  Note(FaultKind::kSanitizer, 0, {});
}

// The watchdog's time is over.
[[noreturn]] void DieOfHang(FaultKind kind, int signal, void* argument) {
  SetAlarm(kHandlerSeconds * 1000);
#if __has_feature(address_sanitizer)
  // It was ASan that took its time: it names functions by another program.
  if (__asan_report_present()) OnSanitizerDeath();
#endif
  const auto& registers = static_cast<ucontext_t*>(argument)->uc_mcontext.gregs;
  Note(kind, signal, {.pc = static_cast<uint64_t>(registers[REG_RIP])});
  DieOf(signal);
}

// The watchdog's signal. Whether events happen takes two looks to see.
void OnHang(int signal, siginfo_t*, void* argument) {
  if (is_noting) DieOf(signal);
  const World* const world = World::Current();
  const uint64_t events = world == nullptr ? 0 : world->events();
  if (!is_looking) {
    is_looking = true;
    looked_at_event = events;
    SetAlarm(kLookMilliseconds);
    return;
  }
  DieOfHang(
      events == looked_at_event ? FaultKind::kNoEvent : FaultKind::kEventsOnly,
      signal, argument);
}

// The timer of StartWatchdog.
void OnLook(int signal, siginfo_t*, void* argument) {
  if (is_noting) DieOf(signal);
  const World* const world = World::Current();
  const uint64_t events = world == nullptr ? 0 : world->events();
  idle_looks = events == looked_at_event ? idle_looks + 1 : 0;
  looked_at_event = events;
  if (idle_looks < kLooks && ++looks < kGrants * kLooks) return;
  DieOfHang(idle_looks < kLooks ? FaultKind::kEventsOnly : FaultKind::kNoEvent,
            signal, argument);
}

void OnExit(int code, void*) { Note(FaultKind::kExit, code, {}); }

[[maybe_unused]] void OnMemoryExhausted() {
  Note(FaultKind::kOutOfMemory, SIGABRT, {});
  DieOf(SIGABRT);
}

#if !defined(MOONPOOL_SANITIZED)
// What the kernel counts against RLIMIT_DATA, nearly: the stack is too much.
uint64_t DataBytes() {
  const int file = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
  if (file < 0) return 0;
  char text[256];
  const ssize_t size = read(file, text, sizeof(text) - 1);
  close(file);
  if (size <= 0) return 0;
  text[size] = '\0';
  const char* at = text;
  for (int field = 0; field < 5 && at != nullptr; ++field) {
    at = strchr(at, ' ');
    if (at != nullptr) ++at;
  }
  return at == nullptr ? 0 : strtoull(at, nullptr, 10) * 4096;
}

void LimitMemory(uint64_t bytes) {
  {
    // The arena's addresses count, used or not: take them first.
    Arena::Scope scope;
    ::operator delete(::operator new(1));
  }
  Arena::Limit(bytes, OnMemoryExhausted);
  const uint64_t now = DataBytes();
  if (now == 0) return;
  rlimit limit = {};
  getrlimit(RLIMIT_DATA, &limit);
  if (limit.rlim_max > now + bytes) {
    limit.rlim_cur = now + bytes;
    setrlimit(RLIMIT_DATA, &limit);
  }
}
#endif

void Handle(int signal, void (*handler)(int, siginfo_t*, void*)) {
  struct sigaction action = {};
  action.sa_sigaction = handler;
  action.sa_flags = SA_ONSTACK | SA_SIGINFO | SA_RESTART;
  sigaction(signal, &action, nullptr);
}

// The first walk of a stack allocates: here it may.
_Unwind_Reason_Code IgnoreFrame(_Unwind_Context*, void*) {
  return _URC_NO_REASON;
}

}  // namespace

void Install([[maybe_unused]] uint64_t memory_limit) {
  stack_begin = reinterpret_cast<uintptr_t>(__builtin_frame_address(0));
  rlimit stack = {};
  getrlimit(RLIMIT_STACK, &stack);
  const uint64_t size = stack.rlim_cur == RLIM_INFINITY
                            ? uint64_t{1} << 46
                            : static_cast<uint64_t>(stack.rlim_cur);
  stack_end = stack_begin > size ? stack_begin - size + kStackSlack : 0;
  _Unwind_Backtrace(IgnoreFrame, nullptr);
  // A core of every timeline that crashes would fill the disk.
  rlimit core = {};
  getrlimit(RLIMIT_CORE, &core);
  core.rlim_cur = 0;
  setrlimit(RLIMIT_CORE, &core);
  on_exit(OnExit, nullptr);
  stack_t own = {};
  own.ss_sp = handler_stack;
  own.ss_size = sizeof(handler_stack);
  stack_t previous = {};
  sigaltstack(nullptr, &previous);
  if ((previous.ss_flags & SS_DISABLE) != 0) sigaltstack(&own, nullptr);
  for (size_t i = 0; i < kSignalCount; ++i) {
    struct sigaction before = {};
    sigaction(kSignals[i], nullptr, &before);
    if (before.sa_sigaction == OnSignal) continue;  // the parent's Install
    if (before.sa_handler != SIG_DFL) {
      if (!kIsSanitized || (before.sa_flags & SA_SIGINFO) == 0) continue;
      sanitizers[i] = before;
    }
    Handle(kSignals[i], OnSignal);
  }
#if defined(MOONPOOL_SANITIZED)
  __sanitizer_set_death_callback(OnSanitizerDeath);
#else
  if (memory_limit > 0) LimitMemory(memory_limit);
#endif
  Handle(kHangSignal, OnHang);
}

void SetRecord(FaultRecord* where, pid_t pid) {
  record = where;
  owner = pid;
  SetPhase(phase);
}

void Guard(const void* begin, size_t size) {
  guarded_begin = reinterpret_cast<uintptr_t>(begin);
  guarded_end = guarded_begin + size;
}

void SetPhase(const char* name) {
  phase = name;
  if (record != nullptr) Copy(name, record->phase);
}

void StartWatchdog(absl::Duration limit) {
  if (limit == absl::InfiniteDuration()) return;
  looks = idle_looks = 0;
  Handle(kHangSignal, OnLook);
  itimerval timer = {};
  timer.it_interval =
      absl::ToTimeval(std::max(limit / kLooks, absl::Milliseconds(1)));
  timer.it_value = timer.it_interval;
  setitimer(ITIMER_REAL, &timer, nullptr);
}

void StopWatchdog() { SetAlarm(0); }

}  // namespace moonpool::fault
