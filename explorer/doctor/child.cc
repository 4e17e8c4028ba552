// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "explorer/doctor/child.h"

#include <malloc.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "explorer/campaign.h"
#include "explorer/cli/flags.h"
#include "explorer/cli/isolated_run.h"
#include "providers/base/status_macros.h"
#include "sim/core/arena.h"
#include "sim/core/world.h"
#include "sim/guard/guard.h"

namespace moonpool {
namespace {

constexpr absl::string_view kVerb = "doctor-run";

absl::StatusOr<GuardMode> GuardModeOf(const std::string& name) {
  if (name == "forbid") return GuardMode::kForbid;
  if (name == "virtual") return GuardMode::kVirtual;
  if (name == "off") return GuardMode::kOff;
  return absl::InvalidArgumentError(absl::StrCat(
      "bad value --guard=", name, ": give forbid, virtual or off"));
}

__attribute__((noinline)) void PaintStack(int fill) {
  volatile char area[256 * 1024];
  for (volatile char& byte : area) byte = static_cast<char>(fill);
}

void Vary(int variation) {
  if (variation == 0) return;
  const int fill = FillOf(variation);
  Arena::Vary(
      {.skipped_pages = static_cast<size_t>(variation) * 37 + 5, .fill = fill});
  mallopt(M_PERTURB, fill);
  SetDirectoryOrderSalt(static_cast<unsigned long>(variation));
  PaintStack(fill);
}

void AppendBytes(const void* data, size_t size, std::string& bytes) {
  bytes.append(static_cast<const char*>(data), size);
}

void AppendCounted(const void* data, uint64_t count, size_t item,
                   std::string& bytes) {
  AppendBytes(&count, sizeof(count), bytes);
  if (count > 0) AppendBytes(data, count * item, bytes);
}

// Takes what AppendCounted has written. Returns whether it was whole.
template <typename Container>
bool TakeCounted(absl::string_view& bytes, Container& items) {
  using Item = typename Container::value_type;
  uint64_t count = 0;
  if (bytes.size() < sizeof(count)) return false;
  memcpy(&count, bytes.data(), sizeof(count));
  bytes.remove_prefix(sizeof(count));
  if (bytes.size() / sizeof(Item) < count) return false;
  items.resize(count);
  if (count > 0) memcpy(items.data(), bytes.data(), count * sizeof(Item));
  bytes.remove_prefix(count * sizeof(Item));
  return true;
}

absl::Status WriteResult(const std::string& bytes) {
  for (size_t done = 0; done < bytes.size();) {
    const ssize_t size =
        write(kDoctorResultFd, bytes.data() + done, bytes.size() - done);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) {
      return absl::InternalError(
          absl::StrCat("cannot write the result: ", strerror(errno)));
    }
    done += static_cast<size_t>(size);
  }
  return absl::OkStatus();
}

absl::Status Run(const std::vector<std::string>& args) {
  DoctorJob job;
  int variation = 0;
  uint64_t from = 0;
  Flags flags{std::string(kVerb)};
  flags.Uint64("seed", &job.seed);
  flags.Int("variation", &variation, 0);
  flags.Uint64("record_from", &from);
  flags.String("guard", &job.guard);
  flags.Duration("watchdog", &job.watchdog);
  flags.KeyValues("param", &job.params);
  RETURN_IF_ERROR(flags.Parse(args));
  if (flags.positional().size() != 1) {
    return absl::InvalidArgumentError("doctor-run needs a campaign");
  }
  ASSIGN_OR_RETURN(const GuardMode guard, GuardModeOf(job.guard));
  Vary(variation);
  SetGuardMode(guard);
  ASSIGN_OR_RETURN(const Campaign* campaign,
                   FindCampaign(flags.positional().front()));
  ASSIGN_OR_RETURN(SimulationBuilder builder,
                   BuildCampaign(*campaign, CampaignParams(job.params)));
  std::unique_ptr<Recorder> recorder;
  if (flags.IsGiven("record_from")) {
    recorder = std::make_unique<Recorder>(from);
    World::RecordNewWorlds(recorder.get());
  }
  ASSIGN_OR_RETURN(const TimelineOutcome outcome,
                   RunIsolated(builder, job.seed, {},
                               {.watchdog = job.watchdog}));
  const std::string message = outcome.SerializeAsString();
  std::string bytes;
  AppendCounted(message.data(), message.size(), 1, bytes);
  if (recorder != nullptr) {
    const Recorder::Shared& shared = recorder->shared();
    AppendCounted(shared.words, shared.word_count, sizeof(shared.words[0]),
                  bytes);
    AppendCounted(shared.events, shared.event_count, sizeof(shared.events[0]),
                  bytes);
  } else {
    AppendCounted(nullptr, 0, 0, bytes);
    AppendCounted(nullptr, 0, 0, bytes);
  }
  return WriteResult(bytes);
}

}  // namespace

bool IsDoctorRun(int argc, char** argv) { return argc > 1 && argv[1] == kVerb; }

int DoctorRunMain(int argc, char** argv) {
  const absl::Status status =
      Run(std::vector<std::string>(argv + 2, argv + argc));
  if (status.ok()) return 0;
  fprintf(stderr, "%s\n", std::string(status.message()).c_str());
  return 3;
}

std::vector<std::string> DoctorRunArguments(const DoctorJob& job,
                                            int variation) {
  std::vector<std::string> arguments = {
      std::string(kVerb),
      job.campaign,
      absl::StrCat("--seed=", job.seed),
      absl::StrCat("--variation=", variation),
      absl::StrCat("--guard=", job.guard),
      absl::StrCat("--watchdog=", absl::FormatDuration(job.watchdog))};
  for (const auto& [name, value] : job.params) {
    arguments.push_back(absl::StrCat("--param=", name, "=", value));
  }
  if (job.record_from.has_value()) {
    arguments.push_back(absl::StrCat("--record_from=", *job.record_from));
  }
  return arguments;
}

absl::StatusOr<DoctorRun> ParseDoctorRun(absl::string_view bytes) {
  DoctorRun run;
  std::string message;
  if (!TakeCounted(bytes, message) || !TakeCounted(bytes, run.words) ||
      !TakeCounted(bytes, run.events) ||
      !run.outcome.ParseFromString(message)) {
    return absl::InternalError("the doctor's process sent a garbled result");
  }
  return run;
}

int FillOf(int variation) { return (0xA5 + 13 * (variation - 1)) & 0xFF; }

}  // namespace moonpool
