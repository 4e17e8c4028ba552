// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "explorer/cli/isolated_run.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "explorer/cli/event_tail.h"
#include "explorer/fault/fault.h"
#include "explorer/fault/fault_report.h"
#include "explorer/recipe/outcome.h"
#include "explorer/shared/region.h"
#include "sim/assertions/table.h"
#include "sim/core/arena.h"
#include "sim/core/world.h"
#include "sim/trace/event_ring.h"
#include "sim/trace/event_sink.h"
#include "sim/trace/text_log.h"

namespace moonpool {
namespace {

// What of a timeline outlives its process, whatever that one dies of.
struct Remains {
  FaultRecord fault;
  EventTail events;
};

class SharedRemains {
 public:
  SharedRemains()
      : at_(mmap(nullptr, sizeof(Remains), PROT_READ | PROT_WRITE,
                 MAP_SHARED | MAP_ANONYMOUS, -1, 0)) {}
  SharedRemains(const SharedRemains&) = delete;
  ~SharedRemains() {
    if (is_mapped()) munmap(at_, sizeof(Remains));
  }
  bool is_mapped() const { return at_ != MAP_FAILED; }
  Remains* operator->() const { return static_cast<Remains*>(at_); }

 private:
  void* const at_;
};

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
  // tail: where to note all events, or nullptr.
  ReplayHooks(const std::vector<Breakpoint>& breakpoints,
              const TraceFiles& trace, EventTail* tail, Sender* sender)
      : breakpoints_(breakpoints),
        trace_(trace),
        tail_(tail),
        sender_(sender) {}
  void OnEventsReady(EventSink& sink) override {
    if (trace_.any()) sink.set_ring(&ring_);
    if (tail_ == nullptr) return;
    subscription_ = sink.SubscribeAll([tail = tail_](const TraceEvent& event) {
      Arena::OutsideScope outside;
      tail->Append(FormatEvent(event));
    });
  }
  void OnPhase(const char* phase) override { fault::SetPhase(phase); }
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
  EventTail* const tail_;
  Subscription subscription_;
  Sender* const sender_;
};

// The child's ends of the pipes; output < 0: its output is not captured.
struct ChildEnds {
  pid_t parent;
  int result;
  int output;
};

[[noreturn]] void RunChild(SimulationBuilder& builder, uint64_t root_seed,
                           const std::vector<Breakpoint>& breakpoints,
                           const IsolatedRunOptions& options,
                           const ChildEnds& ends, SharedRemains& remains) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != ends.parent) _exit(3);
  if (ends.output >= 0) {
    dup2(ends.output, STDOUT_FILENO);
    dup2(ends.output, STDERR_FILENO);
    close(ends.output);
  }
  fault::Install(options.memory_limit);
  explorer::Region::MapStandIn(options.tolerates_wild_writes);
  fault::SetRecord(&remains->fault);
  fault::StartWatchdog(options.watchdog);
  Sender sender(ends.result);
  ReplayHooks hooks(breakpoints, options.trace,
                    options.tail == nullptr ? nullptr : &remains->events,
                    &sender);
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

class Pipe {
 public:
  Pipe() = default;
  Pipe(const Pipe&) = delete;
  ~Pipe() {
    CloseReader();
    CloseWriter();
  }
  bool Open() { return pipe2(ends_, O_CLOEXEC) == 0; }
  int reader() const { return ends_[0]; }
  int writer() const { return ends_[1]; }
  void CloseReader() { Close(ends_[0]); }
  void CloseWriter() { Close(ends_[1]); }

 private:
  static void Close(int& end) {
    if (end >= 0) close(end);
    end = -1;
  }
  int ends_[2] = {-1, -1};
};

// False at the end.
bool ReadSome(int fd, std::string& bytes) {
  char buffer[4096];
  const ssize_t size = read(fd, buffer, sizeof(buffer));
  if (size < 0 && errno == EINTR) return true;
  if (size <= 0) return false;
  bytes.append(buffer, static_cast<size_t>(size));
  return true;
}

// Reads both pipes until they have ended; of the output, only the end is kept.
void ReadAll(Pipe& result, std::string& bytes, Pipe& output,
             std::string& output_tail) {
  while (result.reader() >= 0 || output.reader() >= 0) {
    pollfd ready[] = {{result.reader(), POLLIN, 0},
                      {output.reader(), POLLIN, 0}};  // negative: ignored
    if (poll(ready, 2, -1) < 0) continue;
    if (ready[0].revents != 0 && !ReadSome(result.reader(), bytes)) {
      result.CloseReader();
    }
    if (ready[1].revents == 0) continue;
    if (!ReadSome(output.reader(), output_tail)) output.CloseReader();
    if (output_tail.size() > 2 * TimelineTail::kMaxOutput) {
      output_tail.erase(0, output_tail.size() - TimelineTail::kMaxOutput);
    }
  }
}

}  // namespace

absl::StatusOr<TimelineOutcome> RunIsolated(
    SimulationBuilder& builder, uint64_t root_seed,
    const std::vector<Breakpoint>& breakpoints,
    const IsolatedRunOptions& options) {
  Pipe result;
  Pipe output;
  SharedRemains remains;
  if (!remains.is_mapped()) return EngineError("mmap");
  if (!result.Open()) return EngineError("pipe");
  if (options.tail != nullptr && !output.Open()) return EngineError("pipe");
  fflush(nullptr);
  const pid_t parent = getpid();
  const pid_t child = fork();
  if (child < 0) return EngineError("fork");
  if (child == 0) {
    result.CloseReader();
    output.CloseReader();
    RunChild(builder, root_seed, breakpoints, options,
             {.parent = parent,
              .result = result.writer(),
              .output = output.writer()},
             remains);
  }
  result.CloseWriter();
  output.CloseWriter();
  std::string bytes;
  std::string output_tail;
  ReadAll(result, bytes, output, output_tail);
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
    *outcome.add_violations() =
        ExpectedOf(FaultViolation(remains->fault, wait_status));
  }
  if (TimelineTail* tail = options.tail; tail != nullptr) {
    tail->stack = StackOf(remains->fault);
    tail->events = remains->events.Lines();
    tail->event_count = remains->events.appended();
    if (output_tail.size() > TimelineTail::kMaxOutput) {
      output_tail.erase(0, output_tail.size() - TimelineTail::kMaxOutput);
    }
    tail->output = std::move(output_tail);
  }
  return outcome;
}

}  // namespace moonpool
