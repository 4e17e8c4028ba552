// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "explorer/checkpoint/timeline.h"

#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "explorer/checkpoint/edge_watch.h"
#include "explorer/checkpoint/orders.h"
#include "explorer/checkpoint/program_memory.h"
#include "explorer/checkpoint/snapshot.h"
#include "explorer/fault/fault.h"
#include "sim/assertions/assertions.h"
#include "sim/core/arena.h"
#include "sim/core/world.h"

namespace moonpool::explorer {
namespace {

// One process of the tree. Outside the world's arena; each fork has its copy.
class Timeline final : public IterationHooks,
                       public TimelineObserver,
                       public DrawWatcher,
                       public BoundaryWatcher {
 public:
  Timeline(Region* region, const ImagePool* images, DrawSplits splits)
      : region_(region),
        images_(images),
        coordinator_pid_(region->coordinator_pid),
        splits_(std::move(splits)),
        edges_(region) {}

  // Returns in each timeline of the campaign, with its order.
  void ParkInNursery() { Park(kNursery); }
  uint64_t root_seed() const { return order_->root_seed; }

  void OnWorldReady(World& world) override {
    world_ = &world;
    if (edges_.is_on()) world.WatchBoundaries(this, edges_.distance());
    const uint64_t split = splits_.After(world.random().draws());
    if (split != DrawWatcher::kNever) world.random().Watch(this, split);
    const bool is_splitpoint = split_ordinal_ == 0;
    if (is_splitpoint && LeaveSplitpoint()) return;
    Branch();
  }

  // Whatever edges are new to this timeline are one mark.
  void OnBoundary() override {
    const Window window(this);
    if (!edges_.Look()) return;
    ++ordinal_;
    if (!recording_) {
      if (ordinal_ == split_ordinal_) ReachSplitpoint();
      return;
    }
    if (job_->has_violation.load(std::memory_order_relaxed) != 0 ||
        !edges_.IsClusterDue(world_->events())) {
      return;
    }
    const EdgeWatch::Cluster cluster = edges_.TakeCluster(world_->events());
    // The coordinator names it.
    Discover({.key = 0,
              .quality = {},
              .assertion = kEdgesAssertion,
              .edges = cluster,
              .label = {}});
  }

  // In a draw, before it: whatever branches here draws with its own seed.
  uint64_t OnDraws(uint64_t draws) override {
    REPORT_STATE("split", {{"draws", draws}});
    return splits_.After(draws);
  }

  void OnPhase(const char* phase) override {
    const Window window(this);
    fault::SetPhase(phase);
  }

  void OnMark(const Mark& mark) override {
    if (world_ == nullptr) return;  // a factory's; there is no world to fork
    ++ordinal_;
    if (!recording_) {
      // Replaying the way to the splitpoint.
      if (ordinal_ == split_ordinal_) ReachSplitpoint();
      return;
    }
    // Between the splitpoint and the first draw nothing is this timeline's own.
    // The first job may be a whole recipe, and all of that is.
    if (order_->job > 0 && world_->random().has_pending_breakpoints()) return;
    if (job_->has_violation.load(std::memory_order_relaxed) != 0) return;
    const Frontier& frontier = region_->frontier;
    const FrontierEntry* known = frontier.Find(mark.key);
    if (known != nullptr &&
        frontier.Knows(*known, mark.quality, order_->known_until)) {
      // Numbered whether or not it is reported: that depends on what the
      // coordinator has done meanwhile, what is accepted must not.
      const bool may_report = known_marks_++ < kMaxArrivals;
      if (may_report &&
          (known->reaches.load(std::memory_order_relaxed) < kReachesCounted ||
           known->Wants(world_->random().draws()))) {
        Arrive(mark);
      }
      return;
    }
    Discover({.key = mark.key,
              .quality = mark.quality,
              .assertion = mark.entry->index,
              .edges = {},
              .label = mark.label});
  }

  void OnViolation(const Violation& violation) override {
    if (job_->has_violation.load(std::memory_order_relaxed) != 0) return;
    const Window window(this);
    ViolationRecord& record = job_->violation;
    record.identity = violation.identity;
    record.time_ns = violation.time_ns;
    record.event = violation.event;
    record.draw = violation.draw;
    record.kind.Set(violation.kind);
    record.message.Set(violation.message);
    record.details.Set(violation.details);
    record.place.Set(violation.place);
    Tell(AddToChecksum(0, record));
    job_->has_violation.store(1, std::memory_order_release);
  }

  void OnFinished(const IterationResult& result) override {
    const Window window(this);
    if (edges_.is_on()) edges_.Finish();
    job_->draws = result.draws;
    job_->events = result.events;
    job_->time_ns = result.simulated_ns;
    job_->trace_hash = result.trace_hash;
    job_->drawn_kinds = result.drawn_kinds;
    job_->sample_count = static_cast<uint32_t>(result.trace_samples.size());
    for (size_t i = 0; i < result.trace_samples.size(); ++i) {
      job_->samples[i] = result.trace_samples[i];
    }
    for (const AssertionEntry& entry : AssertionTable::Get().entries()) {
      if (entry.index >= kMaxAssertions) break;
      job_->counts[entry.index] = {entry.passes, entry.fails};
    }
    job_->checksum =
        job_->ChecksumOf(order_->job, told_,
                         AssertionTable::Get().entries().size());
    job_->finished.store(1, std::memory_order_release);
    if (post_.has_value()) EndRound();
    _exit(0);
  }

 private:
  // While one lives, a guarded timeline may write its result.
  class Window {
   public:
    explicit Window(Timeline* timeline)
        : timeline_(timeline->is_closed_ ? timeline : nullptr) {
      if (timeline_ != nullptr) timeline_->SetClosed(false);
    }
    Window(const Window&) = delete;
    ~Window() {
      if (timeline_ != nullptr) timeline_->SetClosed(true);
    }

   private:
    Timeline* const timeline_;  // nullptr: it may anyway
  };

  void SetClosed(bool is_closed) {
    is_closed_ = is_closed;
    region_->SetWritable(*job_, !is_closed);
  }

  // Forks a sibling: a child of the coordinator, not of this process. The raw
  // system call, as no libc function offers it; nothing here uses what fork
  // handlers would mend (locks, streams, threads).
  pid_t ForkSibling() {
    const pid_t pid = static_cast<pid_t>(
        syscall(SYS_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0));
    if (pid == 0) {
      pid_ = getpid();
      DieWithCoordinator();
      if (post_.has_value() && snapshot_ != nullptr) {
        Snapshot::CloseInChild(files_);
      }
      post_.reset();
    }
    return pid;  // negative: too many processes or too little memory
  }

  void DieWithCoordinator() {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != coordinator_pid_) _exit(0);
  }

  // Parks this process. Returns in each timeline that branches off, never in
  // the parked process itself.
  void Park(int32_t checkpoint) {
    CheckpointSlot& slot = region_->checkpoints[checkpoint];
    slot.pid.store(pid_, std::memory_order_release);
    for (;;) {
      const uint32_t order = AwaitOrder(*region_, checkpoint);
      const pid_t pid = ForkSibling();
      if (pid == 0) {
        if (order >= kRunnerOrder) {
          Serve(order - kRunnerOrder);
        } else {
          Begin(order);
        }
        return;
      }
      // Out of processes: try again until some have ended, or until the
      // coordinator's watchdog gives up.
      if (pid < 0) {
        // The guard lets nobody nap inside a world.
        Arena::OutsideScope outside;
        usleep(1000);
        continue;
      }
      ++slot.taken;
    }
  }

  // Makes this process a runner. Returns once for each of its jobs that begins
  // here.
  void Serve(uint32_t runner) {
    region_->runners[runner].pid.store(pid_, std::memory_order_release);
    // All that is written after it is undone in the next round; so it is
    // written again in each.
    Snapshot* const snapshot = Snapshot::Take();
    snapshot_ = snapshot;
    post_.emplace(region_, runner);
    if (snapshot == nullptr) {
      ++region_->images_failed;
      Begin(post_->NextJob());
      return;
    }
    snapshot->set_owner(runner);
    files_ = snapshot->descriptors();
    const uint32_t job = post_->NextJob();
    if (snapshot->restores() == 0) {
      post_->SetUp();
      RestoreImage(job);
    }
    Begin(job);
  }

  // A runner's job is done: says so, and goes on with the next. Returns if this
  // process must not run another.
  void EndRound() {
    const bool is_last = snapshot_ == nullptr || !snapshot_->CanRestore();
    post_->Done(job_->draws + job_->events - begun_at_steps_, is_last);
    if (is_last) return;
    RestoreImage(post_->NextJob());
    snapshot_->Restore();
  }

  // Goes on where the nearest image of the job's was stored; returns if there
  // is none. REQUIRES: CanRestore, or nothing has been run yet.
  void RestoreImage(uint32_t job) {
    const JobOrder& order = region_->orders[job];
    for (uint32_t i = 0; i < order.image_count; ++i) {
      snapshot_->RestoreImage(*images_, order.images[i].image,
                              order.images[i].segments);
    }
  }

  // kResumed in each job that begins where the image was stored: by this
  // process or, as far as its memory remembers, by another.
  Snapshot::Stored StoreImage(const ImageRef& image) {
    if (image.generation == 0 || !post_.has_value() || snapshot_ == nullptr) {
      return Snapshot::Stored::kRefused;
    }
    const uint64_t before_ns = RunnerPost::CpuNs();
    const Snapshot::Stored stored = snapshot_->StoreImage(*images_, image);
    if (stored == Snapshot::Stored::kResumed) {
      post_.emplace(region_, static_cast<uint32_t>(snapshot_->owner()));
      pid_ = getpid();
      files_ = snapshot_->descriptors();
      known_segments_ = snapshot_->note();
      world_->random().ClearBreakpoints();
      Begin(post_->NextJob());
      return stored;
    }
    const uint64_t ns = post_->LeaveOut(before_ns);
    if (stored == Snapshot::Stored::kStored) {
      region_->images_ns += ns;
      ++region_->images_stored;
    } else {
      ++region_->images_failed;
    }
    return stored;
  }

  // Forks a process that parks here. Returns false in this timeline, and true
  // in each one that branches off the parked process later.
  bool ForkCheckpoint(int32_t checkpoint) {
    const uint64_t before_ns = post_.has_value() ? RunnerPost::CpuNs() : 0;
    const pid_t pid = ForkSibling();
    if (pid == 0) {
      world_->random().ClearBreakpoints();
      Park(checkpoint);
      return true;
    }
    if (post_.has_value()) post_->LeaveOut(before_ns);
    // Without the process the cell is only slower to return to.
    if (pid < 0) return false;
    // The parked process says so too, but this timeline may have ended before
    // that one has run at all; the coordinator must not take the slot for free.
    region_->checkpoints[checkpoint].pid.store(pid, std::memory_order_release);
    return false;
  }

  void Begin(uint32_t job) {
    order_ = &region_->orders[job];
    job_ = &region_->jobs[job];
    order_index_ = job;
    split_ordinal_ = order_->split_ordinal;
    // Read before it is written to: that brings in all the pages around.
    *static_cast<const volatile uint64_t*>(&job_->draws);
    job_->pid.store(pid_, std::memory_order_release);
    fault::SetRecord(&job_->fault, pid_);
    checkpoints_used_ = 0;
    images_used_ = 0;
    known_marks_ = 0;
    told_ = 0;
    Tell(FirstTold(order_->job));
    if (order_->is_guarded != 0) {
      region_->MakeReadOnly();
      is_closed_ = true;
    }
    // Modulo 2^64: from the nursery, the world has to be built.
    begun_at_steps_ = world_ == nullptr
                          ? -kBuildSteps
                          : world_->random().draws() + world_->events();
    if (world_ != nullptr) Branch();
  }

  // Sets the order's breakpoints, from here on.
  void Branch() {
    const uint64_t known = std::exchange(known_segments_, 0);
    if (const uint32_t size = order_->path_size; size > known) {
      // Outside the arena: how a timeline came to its splitpoint must not show
      // in the addresses that its world hands out.
      Arena::OutsideScope outside;
      const Breakpoint* const path = region_->PathOf(order_index_, size);
      world_->random().SetBreakpoints(
          std::vector<Breakpoint>(path + known, path + size));
    }
    recording_ = ordinal_ == split_ordinal_;
    if (recording_) AssertionTable::Get().ResetCounts();
    edges_.Record(recording_ ? job_ : nullptr, order_->known_until,
                  world_->events());
  }

  // Leaves a process or an image at the job's splitpoint, if so ordered. True:
  // this is a job that branches off there.
  bool LeaveSplitpoint() {
    if (order_->recreate >= 0 && ForkCheckpoint(order_->recreate)) return true;
    return StoreImage(order_->store) == Snapshot::Stored::kResumed;
  }

  // A replay has come to the mark where its cell was discovered.
  void ReachSplitpoint() {
    recording_ = true;
    if (LeaveSplitpoint()) return;
    AssertionTable::Get().ResetCounts();
    edges_.Record(job_, order_->known_until, world_->events());
  }

  void FillIn(uint64_t key, const MarkQuality& quality,
              Arrival& arrival) const {
    arrival.key = key;
    arrival.quality = quality;
    arrival.ordinal = ordinal_;
    arrival.pending = world_->random().pending_breakpoints();
    arrival.segment_draws = world_->random().segment_draws();
    arrival.draws = world_->random().draws();
    arrival.events = world_->events();
    arrival.time_ns = world_->now_ns();
  }

  void Tell(uint64_t checksum) {
    told_ += checksum;
    job_->told = told_;
  }

  void Arrive(const Mark& mark) {
    const Window window(this);
    const uint32_t count = job_->arrival_count.load(std::memory_order_relaxed);
    Arrival& arrival = job_->arrivals[count];
    FillIn(mark.key, mark.quality, arrival);
    Tell(AddToChecksum(0, arrival));
    job_->arrival_count.store(count + 1, std::memory_order_release);
  }

  struct News {
    uint64_t key;
    MarkQuality quality;
    uint32_t assertion;
    EdgeWatch::Cluster edges;
    absl::string_view label;
  };

  void Discover(const News& news) {
    const Window window(this);
    const uint32_t count =
        job_->discovery_count.load(std::memory_order_relaxed);
    if (count >= kMaxDiscoveries) {
      ++job_->discoveries_dropped;
      return;
    }
    int32_t checkpoint = -1;
    if (checkpoints_used_ < order_->free_count) {
      checkpoint = order_->free_checkpoints[checkpoints_used_++];
      if (ForkCheckpoint(checkpoint)) return;
    }
    int32_t image = -1;
    if (images_used_ < order_->new_image_count) {
      const ImageRef& ref = order_->new_images[images_used_++];
      const Snapshot::Stored stored = StoreImage(ref);
      if (stored == Snapshot::Stored::kResumed) return;
      if (stored == Snapshot::Stored::kStored) {
        image = static_cast<int32_t>(ref.slot);
      }
    }
    Discovery& discovery = job_->discoveries[count];
    FillIn(news.key, news.quality, discovery.at);
    discovery.checkpoint = checkpoint;
    discovery.image = image;
    discovery.assertion = news.assertion;
    discovery.first_edge = news.edges.first;
    discovery.edges = news.edges.size;
    discovery.label.Set(news.label);
    Tell(AddToChecksum(0, discovery));
    job_->discovery_count.store(count + 1, std::memory_order_release);
  }

  Region* region_;
  const ImagePool* const images_;
  const pid_t coordinator_pid_;  // the region's would cost a page fault
  pid_t pid_ = getpid();
  const DrawSplits splits_;
  World* world_ = nullptr;
  const JobOrder* order_ = nullptr;
  uint32_t order_index_ = 0;
  JobSlot* job_ = nullptr;
  uint64_t split_ordinal_ = 0;  // the job's
  uint64_t ordinal_ = 0;
  bool recording_ = false;
  uint32_t checkpoints_used_ = 0;
  uint32_t images_used_ = 0;
  uint64_t begun_at_steps_ = 0;
  uint64_t known_segments_ = 0;  // of the order's path, where the job begins
  uint64_t known_marks_ = 0;  // that the job came to
  uint64_t told_ = 0;  // the checksums of what the job's slot says so far
  EdgeWatch edges_;
  bool is_closed_ = false;  // the job's slot may not be written to

  std::optional<RunnerPost> post_;  // of a runner
  Snapshot* snapshot_ = nullptr;    // likewise; or it has none
  Snapshot::Descriptors files_ = {};
};

}  // namespace

void RunNursery(Region* region, const ImagePool* images,
                SimulationBuilder* simulation, DrawSplits splits) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != region->coordinator_pid) _exit(0);
  MoveTextToHugePages();  // or all is only slower
  LeaveRestartableSequences();  // likewise
  region->MakeOrdersReadOnly();
  fault::Install(region->memory_limit);
  auto* timeline = new Timeline(region, images, std::move(splits));
  KeepMallocInPlace();
  {
    // The arena is mapped from the beginning, for a runner's sake: its mappings
    // must be the same after a job as before.
    Arena::Scope scope;
    ::operator delete(::operator new(1));
  }
  JoinDataAndHeap();  // likewise
  timeline->ParkInNursery();
  AssertionTable::Get().set_observer(timeline);
  simulation->StopAtViolation().RunIteration(timeline->root_seed(), timeline);
  _exit(0);
}

}  // namespace moonpool::explorer
