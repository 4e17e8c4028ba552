// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "explorer/cli/isolated_run.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "explorer/recipe/outcome.h"
#include "sim/assertions/table.h"
#include "sim/core/arena.h"
#include "sim/core/world.h"
#include "sim/trace/event_ring.h"
#include "sim/trace/event_sink.h"

namespace moonpool {
namespace {

// The watchdog: a timer signal that looks whether an event has fired since the
// last one, and after some looks without one lets itself be killed by it.
constexpr int kLooks = 10;
volatile sig_atomic_t idle_looks = 0;
volatile uint64_t last_events = 0;

void OnWatchdog(int signal) {
  const World* world = World::Current();
  const uint64_t events = world == nullptr ? 0 : world->events();
  const int looks = idle_looks + 1;
  idle_looks = events == last_events ? looks : 0;
  last_events = events;
  if (idle_looks < kLooks) return;
  struct sigaction action = {};
  action.sa_handler = SIG_DFL;
  sigaction(signal, &action, nullptr);
  // Delivered when this handler returns.
  raise(signal);
}

void StartWatchdog(absl::Duration watchdog) {
  static_assert(kHangSignal == SIGALRM, "ITIMER_REAL sends SIGALRM");
  if (watchdog == absl::InfiniteDuration()) return;
  struct sigaction action = {};
  action.sa_handler = OnWatchdog;
  action.sa_flags = SA_RESTART;
  sigaction(SIGALRM, &action, nullptr);
  itimerval timer = {};
  timer.it_interval =
      absl::ToTimeval(std::max(watchdog / kLooks, absl::Milliseconds(1)));
  timer.it_value = timer.it_interval;
  setitimer(ITIMER_REAL, &timer, nullptr);
}

// The child's end of the pipe. Messages follow each other without framing:
// protobuf merges them.
class Sender : public TimelineObserver, public WorldListener {
 public:
  explicit Sender(int fd) : fd_(fd) {}

  void OnMark(const Mark&) override {}
  void OnViolation(const Violation& violation) override {
    TimelineOutcome outcome;
    *outcome.add_violations() = ExpectedOf(violation);
    Send(outcome);
  }

  void OnOccurrence(const WorldOccurrence& occurrence) override {
    Arena::OutsideScope outside;
    TimelineOutcome outcome;
    Occurrence* sent = outcome.add_occurrences();
    sent->set_time_ns(occurrence.time_ns);
    sent->set_who(std::string(occurrence.who));
    sent->set_what(occurrence.Text());
    Send(outcome);
  }

  // The teardown is not part of the trace, but may still violate something.
  void SendResult(const IterationResult& result) {
    TimelineOutcome outcome;
    outcome.set_finished(true);
    outcome.set_trace_hash(result.trace_hash);
    outcome.set_events(result.events);
    outcome.set_draws(result.draws);
    outcome.set_simulated_ns(result.simulated_ns);
    for (const TraceHash::Sample& sample : result.trace_samples) {
      TraceSample* sent = outcome.add_trace_samples();
      sent->set_events(sample.events);
      sent->set_draws(sample.draws);
      sent->set_hash(sample.hash);
    }
    for (const AssertionEntry& entry : AssertionTable::Get().entries()) {
      outcome.add_assertion_passes(entry.passes);
      outcome.add_assertion_fails(entry.fails);
    }
    Send(outcome);
  }

 private:
  void Send(const TimelineOutcome& outcome) {
    const std::string bytes = outcome.SerializeAsString();
    for (size_t sent = 0; sent < bytes.size();) {
      const ssize_t size = write(fd_, bytes.data() + sent, bytes.size() - sent);
      if (size < 0 && errno == EINTR) continue;
      if (size < 0) _exit(3);  // nobody listens any more
      sent += static_cast<size_t>(size);
    }
  }

  const int fd_;
};

class ReplayHooks : public IterationHooks {
 public:
  ReplayHooks(const std::vector<Breakpoint>& breakpoints,
              const TraceFiles& trace, Sender* sender)
      : breakpoints_(breakpoints), trace_(trace), sender_(sender) {}
  void OnEventsReady(EventSink& sink) override {
    if (trace_.any()) sink.set_ring(&ring_);
  }
  void OnWorldReady(World& world) override {
    Arena::OutsideScope outside;
    world.AddListener(sender_);
    if (breakpoints_.empty()) return;
    world.random().SetBreakpoints(breakpoints_);
  }
  void OnFinished(const IterationResult& result) override {
    Arena::OutsideScope outside;
    sender_->SendResult(result);
    const absl::Status written = trace_.Write(ring_, result.simulated_ns);
    if (!written.ok()) fprintf(stderr, "%s\n", written.ToString().c_str());
  }

 private:
  const std::vector<Breakpoint>& breakpoints_;
  const TraceFiles& trace_;
  EventRing ring_;
  Sender* const sender_;
};

[[noreturn]] void RunChild(SimulationBuilder& builder, uint64_t root_seed,
                           const std::vector<Breakpoint>& breakpoints,
                           absl::Duration watchdog, const TraceFiles& trace,
                           pid_t parent, int fd) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(3);
  StartWatchdog(watchdog);
  Sender sender(fd);
  ReplayHooks hooks(breakpoints, trace, &sender);
  AssertionTable::Get().ResetCounts();
  AssertionTable::Get().set_observer(&sender);
  builder.RunIteration(root_seed, &hooks);
  fflush(stdout);
  _exit(0);
}

absl::Status EngineError(absl::string_view what) {
  return absl::InternalError(
      absl::StrCat("cannot run the timeline: ", what, ": ", strerror(errno)));
}

std::string ReadAll(int fd) {
  std::string bytes;
  char buffer[4096];
  while (true) {
    const ssize_t size = read(fd, buffer, sizeof(buffer));
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) return bytes;
    bytes.append(buffer, static_cast<size_t>(size));
  }
}

}  // namespace

absl::StatusOr<TimelineOutcome> RunIsolated(
    SimulationBuilder& builder, uint64_t root_seed,
    const std::vector<Breakpoint>& breakpoints, absl::Duration watchdog,
    const TraceFiles& trace) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return EngineError("pipe");
  fflush(nullptr);
  const pid_t parent = getpid();
  const pid_t child = fork();
  if (child < 0) {
    close(ends[0]);
    close(ends[1]);
    return EngineError("fork");
  }
  if (child == 0) {
    close(ends[0]);
    RunChild(builder, root_seed, breakpoints, watchdog, trace, parent, ends[1]);
  }
  close(ends[1]);
  const std::string bytes = ReadAll(ends[0]);
  close(ends[0]);
  int wait_status = 0;
  while (waitpid(child, &wait_status, 0) < 0) {
    if (errno != EINTR) return EngineError("waitpid");
  }
  TimelineOutcome outcome;
  if (!outcome.ParseFromString(bytes)) {
    return absl::InternalError(
        "cannot run the timeline: its process sent a garbled result");
  }
  if (!outcome.finished() || wait_status != 0) {
    *outcome.add_violations() = ExpectedOf(CrashViolation(wait_status));
  }
  return outcome;
}

}  // namespace moonpool
