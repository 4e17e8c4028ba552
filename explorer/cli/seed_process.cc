// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "explorer/cli/seed_process.h"

#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <set>
#include <string>
#include <type_traits>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "explorer/fault/fault.h"
#include "explorer/fault/fault_report.h"
#include "explorer/recipe/outcome.h"
#include "explorer/shared/region.h"
#include "providers/base/status_macros.h"
#include "sim/assertions/table.h"

namespace moonpool {
namespace {

constexpr size_t kBufferSize = size_t{1} << 20;
// A longer text is cut: a frame always fits.
constexpr size_t kMaxDetails = kBufferSize / 4;
// How long results may wait in the buffer. Handing them over costs some 20 µs.
constexpr absl::Duration kHandOverEvery = absl::Milliseconds(50);

// A SeedNote of so many bytes follows.
struct Frame {
  IterationNumbers numbers;
  uint32_t note_size;
};
static_assert(std::is_trivially_copyable_v<Frame>);

struct Counts {
  uint64_t passes;
  uint64_t fails;
};

// What outlives the process, whatever that one dies of.
struct Shared {
  FaultRecord fault;
  std::atomic<size_t> used;  // of the buffer, by whole frames
  char buffer[kBufferSize];
  Counts counts[];  // after the last whole frame, by entry of the table
};

class SharedMemory {
 public:
  SharedMemory()
      : size_(sizeof(Shared) +
              AssertionTable::Get().entries().size() * sizeof(Counts)),
        at_(mmap(nullptr, size_, PROT_READ | PROT_WRITE,
                 MAP_SHARED | MAP_ANONYMOUS, -1, 0)) {}
  SharedMemory(const SharedMemory&) = delete;
  ~SharedMemory() {
    if (is_mapped()) munmap(at_, size_);
  }
  bool is_mapped() const { return at_ != MAP_FAILED; }
  Shared* operator->() const { return static_cast<Shared*>(at_); }

 private:
  const size_t size_;
  void* const at_;
};

absl::Status EngineError(absl::string_view what) {
  return absl::InternalError(
      absl::StrCat("cannot run seeds: ", what, ": ", strerror(errno)));
}

// True if the byte came. One byte says "results are there", and, the other way,
// "they have been taken".
bool Receive(int fd) {
  char byte;
  ssize_t size;
  do {
    size = recv(fd, &byte, 1, 0);
  } while (size < 0 && errno == EINTR);
  return size == 1;
}

bool Send(int fd) {
  ssize_t size;
  do {
    size = send(fd, "", 1, MSG_NOSIGNAL);
  } while (size < 0 && errno == EINTR);
  return size == 1;
}

SeedNote NoteOf(absl::StatusOr<SeedRun>& ran) {
  SeedNote note;
  if (!ran.ok()) {
    note.set_error_code(static_cast<int>(ran.status().code()));
    note.set_error(ToValidUtf8(ran.status().message()));
    return note;
  }
  if (!ran->result.violations.empty()) {
    Violation& violation = ran->result.violations.front();
    if (violation.details.size() > kMaxDetails) {
      violation.details.resize(kMaxDetails);
    }
    *note.mutable_violation() = ExpectedOf(violation);
  }
  note.set_trace_written(ran->trace_written);
  if (ran->again.has_value()) {
    // Whether it came to the same, not how.
    TimelineOutcome& again = *note.mutable_again();
    again.set_finished(ran->again->finished());
    again.set_trace_hash(ran->again->trace_hash());
    again.set_events(ran->again->events());
    again.set_draws(ran->again->draws());
  }
  return note;
}

SeedRun RunOf(const Frame& frame, const SeedNote& note) {
  SeedRun run;
  run.result.IterationNumbers::operator=(frame.numbers);
  if (note.has_violation()) {
    run.result.violations.push_back(ViolationOf(note.violation()));
  }
  run.trace_written = note.trace_written();
  if (note.has_again()) run.again = note.again();
  return run;
}

SeedRun DeathOf(const Shared& shared, int wait_status) {
  SeedRun run;
  run.died = true;
  Violation death = FaultViolation(shared.fault, wait_status);
  run.result.events = death.event;
  run.result.draws = death.draw;
  run.result.simulated_ns = death.time_ns;
  run.result.violations.push_back(std::move(death));
  return run;
}

// The process that runs the seeds.
class SeedProcess {
 public:
  SeedProcess(const SeedProcessOptions& options, SharedMemory& shared, int fd)
      : options_(options), shared_(shared), fd_(fd) {}

  [[noreturn]] void Run(
      int first, int count,
      const std::function<absl::StatusOr<SeedRun>(int)>& run) {
    fault::Install(/*memory_limit=*/0);
    explorer::Region::MapStandIn(/*is_writable=*/false);
    fault::SetRecord(&shared_->fault);
    for (int i = first; i < count; ++i) {
      fault::StartWatchdog(options_.watchdog);
      absl::StatusOr<SeedRun> ran = run(i);
      const bool is_urgent = options_.at_once || !ran.ok() || IsNews(*ran);
      Append(ran);
      if (is_urgent || absl::Now() - handed_over_ >= kHandOverEvery) HandOver();
      if (!ran.ok()) _exit(0);
    }
    fflush(stdout);
    _exit(0);
  }

 private:
  bool IsNews(const SeedRun& ran) {
    return !ran.result.violations.empty() &&
           known_.insert(ran.result.violations.front().identity).second;
  }

  void Append(absl::StatusOr<SeedRun>& ran) {
    const std::string note = NoteOf(ran).SerializeAsString();
    Frame frame = {};
    if (ran.ok()) frame.numbers = ran->result;
    frame.note_size = static_cast<uint32_t>(note.size());
    if (shared_->used + sizeof(frame) + note.size() > kBufferSize) HandOver();
    const size_t used = shared_->used;
    memcpy(shared_->buffer + used, &frame, sizeof(frame));
    memcpy(shared_->buffer + used + sizeof(frame), note.data(), note.size());
    const auto& entries = AssertionTable::Get().entries();
    for (size_t i = 0; i < entries.size(); ++i) {
      shared_->counts[i] = {entries[i].passes, entries[i].fails};
    }
    shared_->used = used + sizeof(frame) + note.size();
  }

  // Returns when the buffer is empty again.
  void HandOver() {
    // Nobody's code runs: what takes time now is a reader of our output.
    fault::StopWatchdog();
    fflush(stdout);
    if (!Send(fd_) || !Receive(fd_)) _exit(3);
    handed_over_ = absl::Now();
  }

  const SeedProcessOptions& options_;
  SharedMemory& shared_;
  const int fd_;  // of the other side
  absl::Time handed_over_ = absl::Now();
  std::set<uint64_t> known_;
};

// The other side: starts the process, and takes what it hands over.
class Taker {
 public:
  Taker(const SeedProcessOptions& options, int count,
        const std::function<absl::StatusOr<SeedRun>(int)>& run,
        const std::function<absl::Status(int, SeedRun&)>& each)
      : options_(options), count_(count), run_(run), each_(each) {}

  absl::Status RunAll() {
    if (!shared_.is_mapped()) return EngineError("mmap");
    while (next_ < count_) RETURN_IF_ERROR(RunOne());
    return absl::OkStatus();
  }

 private:
  // One process, to its end.
  absl::Status RunOne() {
    int ends[2];  // here, there
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
      return EngineError("socketpair");
    }
    shared_->fault.Reset();
    shared_->used = 0;
    fflush(nullptr);  // or the child would own copies of unwritten output
    const pid_t parent = getpid();
    const pid_t child = fork();
    if (child == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      if (getppid() != parent) _exit(3);
      close(ends[0]);
      SeedProcess(options_, shared_, ends[1]).Run(next_, count_, run_);
    }
    close(ends[1]);
    const absl::Cleanup close_it = [&ends] { close(ends[0]); };
    if (child < 0) return EngineError("fork");
    absl::Status status;
    while (status.ok() && Receive(ends[0])) {
      status = Take();
      if (status.ok()) Send(ends[0]);  // if it has died: noticed above
    }
    if (!status.ok()) kill(child, SIGKILL);
    int wait_status = 0;
    while (waitpid(child, &wait_status, 0) < 0) {
      if (errno != EINTR) return EngineError("waitpid");
    }
    RETURN_IF_ERROR(status);
    RETURN_IF_ERROR(Take());
    if (next_ == count_) return absl::OkStatus();
    SeedRun death = DeathOf(*shared_.operator->(), wait_status);
    return Each(death);
  }

  absl::Status Each(SeedRun& run) {
    const int number = next_++;
    return each_(number, run);
  }

  absl::Status Take() {
    const size_t used = shared_->used;
    for (size_t at = 0; at < used;) {
      Frame frame;
      SeedNote note;
      if (used > kBufferSize || used - at < sizeof(frame)) return Garbled();
      memcpy(&frame, shared_->buffer + at, sizeof(frame));
      at += sizeof(frame);
      if (next_ == count_ || frame.note_size > used - at ||
          !note.ParseFromArray(shared_->buffer + at,
                               static_cast<int>(frame.note_size))) {
        return Garbled();
      }
      at += frame.note_size;
      if (note.error_code() != 0) {
        return absl::Status(static_cast<absl::StatusCode>(note.error_code()),
                            note.error());
      }
      SeedRun run = RunOf(frame, note);
      RETURN_IF_ERROR(Each(run));
    }
    if (used > 0) TakeCounts();
    shared_->used = 0;
    return absl::OkStatus();
  }

  // The next process goes on from these.
  void TakeCounts() {
    auto& entries = AssertionTable::Get().entries();
    for (size_t i = 0; i < entries.size(); ++i) {
      entries[i].passes = shared_->counts[i].passes;
      entries[i].fails = shared_->counts[i].fails;
    }
  }

  static absl::Status Garbled() {
    return absl::InternalError(
        "cannot run seeds: their process sent a garbled result; most likely "
        "the code under test has overwritten it");
  }

  const SeedProcessOptions& options_;
  const int count_;
  const std::function<absl::StatusOr<SeedRun>(int)>& run_;
  const std::function<absl::Status(int, SeedRun&)>& each_;
  SharedMemory shared_;
  int next_ = 0;
};

}  // namespace

absl::Status RunSeeds(
    int count, const SeedProcessOptions& options,
    const std::function<absl::StatusOr<SeedRun>(int)>& run,
    const std::function<absl::Status(int, SeedRun&)>& each) {
  return Taker(options, count, run, each).RunAll();
}

}  // namespace moonpool
