// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "explorer/campaigns/raft/server.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "explorer/campaigns/raft/codec.h"
#include "providers/base/check.h"
#include "providers/base/status_macros.h"
#include "sim/assertions/assertions.h"

namespace moonpool::raft {
namespace {

constexpr size_t kReadBytes = 2048;
constexpr int kMinVoters = 3;
// Between two attempts to recover from a disk that fails.
constexpr absl::Duration kRecoveryPause = absl::Milliseconds(50);
// A damaged disk: nothing to do but to wait for the operator.
constexpr absl::Duration kDamagedPause = absl::Hours(1);

}  // namespace

RaftServer::~RaftServer() {
  if (observer_ != nullptr) observer_->OnDown(id_);
}

Task<absl::Status> RaftServer::Run(SimContext& ctx) {
  ctx_ = &ctx;
  id_ = static_cast<NodeId>(ctx.client_id() + 1);
  observer_ = Observer::Of(ctx.state());
  CO_ASSIGN_OR_RETURN(std::unique_ptr<Listener> listener,
                      co_await ctx.network().Bind(ctx.my_ip()));
  for (const std::string& ip : ctx.topology().all_process_ips()) {
    for (auto& links : links_) {
      links.push_back(nullptr);
      if (ip == ctx.my_ip()) continue;
      links.back() = std::make_unique<PeerLink>(&ctx, ip);
      ctx.tasks().Spawn(&PeerLink::Run, links.back().get());
    }
  }
  ctx.tasks().Spawn(&RaftServer::Accept, this, listener.get());
  ctx.tasks().Spawn(&RaftServer::Drive, this);
  ctx.tasks().Spawn(&RaftServer::KeepTime, this);
  co_await ctx.shutdown().Cancelled();
  co_return absl::OkStatus();
}

Task<void> RaftServer::Accept(Listener* listener) {
  for (;;) {
    absl::StatusOr<Accepted> accepted = co_await listener->Accept();
    if (!accepted.ok()) {
      co_await ctx_->time().Sleep(kRecoveryPause);
      continue;
    }
    ctx_->tasks().Spawn(&RaftServer::Serve, this, std::move(accepted->stream));
  }
}

Task<void> RaftServer::Serve(std::unique_ptr<Stream> stream) {
  FrameBuffer frames;
  char chunk[kReadBytes];
  for (;;) {
    const absl::StatusOr<size_t> read =
        co_await stream->Read(absl::MakeSpan(chunk));
    if (!read.ok() || *read == 0) co_return;
    frames.Append({chunk, *read});
    while (const auto payload = frames.Next()) {
      if (!payload->empty() && payload->front() == kPeerMessage) {
        std::optional<Message> message = DecodeMessage(payload->substr(1));
        if (!message.has_value()) co_return;
        inbox_.push_back(std::move(*message));
        arrived_.WakeOne();
        continue;
      }
      // No more is read until it is answered, so the payload stays valid.
      const Response response = co_await Handle(*payload);
      std::string bytes;
      AppendFrame(EncodeResponse(response), bytes);
      const absl::Status written = co_await stream->Write(bytes);
      if (!written.ok()) co_return;
    }
    if (frames.is_broken()) {
      ASSERT_REACHABLE("a broken frame is noticed");
      co_return;
    }
  }
}

Task<Response> RaftServer::Handle(absl::string_view payload) {
  auto request = std::make_shared<Request>();
  if (payload.empty()) co_return Response();
  request->kind = payload[0];
  payload.remove_prefix(1);
  if (request->kind == kCommandRequest) {
    std::optional<Command> command = DecodeCommand(payload);
    if (!command.has_value()) co_return Response();
    request->command = std::move(*command);
  } else if (request->kind == kMembersRequest) {
    const std::optional<MembersRequest> members = DecodeMembersRequest(payload);
    if (!members.has_value()) co_return Response();
    request->members = *members;
  } else {
    co_return Response();
  }
  if (!core_.has_value()) co_return Response();
  requests_.push_back(request);
  arrived_.WakeOne();
  while (!request->response.has_value()) co_await request->answered.Wait();
  co_return *std::move(request->response);
}

Task<void> RaftServer::KeepTime() {
  for (;;) {
    if (!core_.has_value()) {
      co_await ctx_->time().Sleep(absl::Milliseconds(10));
      continue;
    }
    const absl::Duration delay = core_->next_tick() - ctx_->time().Now();
    if (delay > absl::ZeroDuration()) {
      co_await ctx_->time().Sleep(delay);
      continue;
    }
    tick_due_ = true;
    arrived_.WakeOne();
    while (tick_due_) co_await ticked_.Wait();
  }
}

Task<void> RaftServer::Drive() {
  for (;;) {
    const absl::Status status = co_await RunIncarnation();
    Drop();
    if (Journal::IsDamage(status)) {
      observer_->OnDamaged(id_);
      for (;;) co_await ctx_->time().Sleep(kDamagedPause);
    }
    ASSERT_REACHABLE("a server recovers from an error of its disk");
    co_await ctx_->time().Sleep(
        ctx_->random().Range(kRecoveryPause, 4 * kRecoveryPause));
  }
}

Task<absl::Status> RaftServer::RunIncarnation() {
  const int nodes = static_cast<int>(links_[0].size());
  Members first;
  first.voters = (uint32_t{1} << options_.voters) - 1;
  CO_ASSIGN_OR_RETURN(journal_,
                      co_await Journal::Open({.storage = &ctx_->storage(),
                                              .first_members = first,
                                              .bug = options_.bug}));
  ASSERT_SOMETIMES(journal_->was_torn(), "a torn tail is cut off");
  Log log = journal_->TakeLog();
  if (!store_.Restore(log.snapshot()->data)) {
    co_return absl::DataLossError(Journal::kDamaged);
  }
  applied_ = log.base_index();
  core_.emplace(CoreOptions{.id = id_,
                            .nodes = nodes,
                            .bug = options_.bug,
                            .pre_vote = options_.pre_vote},
                journal_->hard_state(), std::move(log), &ctx_->random(),
                ctx_->time().Now());
  observer_->set_snapshot_entries(
      static_cast<uint64_t>(options_.snapshot_entries));
  observer_->OnRestored(id_, applied_, store_.digest());
  observer_->OnUp(*core_);
  inbox_.clear();
  for (;;) {
    while (inbox_.empty() && requests_.empty() && !tick_due_) {
      co_await arrived_.Wait();
    }
    core_->Tick(ctx_->time().Now());
    tick_due_ = false;
    ticked_.WakeAll();
    const std::vector<Message> messages = std::exchange(inbox_, {});
    for (const Message& message : messages) core_->Step(message);
    const std::vector<SharedRequest> requests = std::exchange(requests_, {});
    for (const SharedRequest& request : requests) Begin(request);
    CO_RETURN_IF_ERROR(co_await Settle());
  }
}

Task<absl::Status> RaftServer::Settle() {
  do {
    observer_->Observe(*core_);
    const Ready ready = core_->TakeReady();
    Deliver(ready.messages);
    if (ready.must_persist()) {
      CO_RETURN_IF_ERROR(co_await journal_->Write(ready, *core_));
    }
    core_->OnPersisted();
    observer_->Observe(*core_);
    Deliver(ready.replies);
    Apply();
    AnswerReads();
    FailOldRequests();
  } while (core_->has_ready());
  co_return absl::OkStatus();
}

void RaftServer::Begin(const SharedRequest& request) {
  request->term = core_->term();
  if (request->kind == kMembersRequest) {
    Answer(request, {.is_done = ChangeMembers(request->members),
                     .leader = core_->leader()});
    return;
  }
  if (request->command.operation == Operation::kGet) {
    request->token = ++last_token_;
    if (core_->Read(request->token)) {
      reading_.push_back(request);
      return;
    }
  } else {
    const std::optional<uint64_t> index =
        core_->Propose(EncodeCommand(request->command));
    if (index.has_value()) {
      observer_->OnAsked(*core_, *index, request->command);
      request->index = *index;
      proposed_.push_back(request);
      return;
    }
  }
  Answer(request, {.leader = core_->leader()});
}

bool RaftServer::ChangeMembers(const MembersRequest& request) {
  uint32_t voters = request.voters;
  if (request.toggles) voters ^= core_->log().members().voters;
  // Never so few that a crash stops the cluster, unless it began like that.
  return std::popcount(voters) >= std::min(options_.voters, kMinVoters) &&
         core_->ChangeMembers(voters);
}

void RaftServer::Deliver(const std::vector<Message>& messages) {
  for (const Message& message : messages) {
    const bool is_large =
        !message.entries.empty() || message.snapshot != nullptr;
    size_t number = 0;
    if (is_large) {
      number = next_link_;
      next_link_ = 3 - next_link_;
    }
    PeerLink* link = links_[number][message.to - 1].get();
    CHECK(link != nullptr);
    link->Send(message);
  }
}

void RaftServer::Apply() {
  if (const auto installed = core_->TakeInstalled()) {
    // It passed the checksum of its frame, so its sender wrote it like that.
    CHECK(store_.Restore(installed->data));
    applied_ = installed->index;
    observer_->OnRestored(id_, applied_, store_.digest());
  }
  while (applied_ < core_->commit()) {
    ++applied_;
    const Entry& entry = core_->log().at(applied_);
    KvStore::Result result;
    std::optional<Command> command;
    if (entry.kind == EntryKind::kCommand) {
      command = DecodeCommand(entry.data);
      // Nothing but a torn record that was believed is no command.
      if (command.has_value()) result = store_.Apply(*command);
    }
    observer_->OnApplied(id_, applied_,
                         command.has_value() ? &*command : nullptr, result,
                         store_.digest());
    AnswerAt(applied_, result);
  }
  if (applied_ - core_->log().base_index() >=
      static_cast<uint64_t>(options_.snapshot_entries)) {
    core_->Compact(applied_,
                   store_.Encode(options_.bug != Bug::kSessionLost));
    observer_->OnSnapshot(applied_);
  }
}

void RaftServer::AnswerAt(uint64_t index, const KvStore::Result& result) {
  while (!proposed_.empty() && proposed_.front()->index <= index) {
    const SharedRequest request = proposed_.front();
    proposed_.pop_front();
    Response response = {.leader = core_->leader()};
    if (request->index == index &&
        core_->log().term(index) == request->term && !result.is_stale) {
      response.is_done = true;
      response.ok = result.ok;
      response.value = result.value;
    }
    Answer(request, std::move(response));
  }
}

void RaftServer::AnswerReads() {
  for (const ReadyRead& read : core_->TakeReads()) {
    for (size_t i = 0; i < reading_.size(); ++i) {
      if (reading_[i]->token != read.token) continue;
      const SharedRequest request = reading_[i];
      reading_.erase(reading_.begin() + static_cast<ptrdiff_t>(i));
      // The commit index is never ahead of what has been applied here.
      CHECK_LE(read.index, applied_);
      Answer(request, {.is_done = true,
                       .leader = id_,
                       .value = store_.Get(request->command.key)});
      break;
    }
  }
}

void RaftServer::FailOldRequests() {
  if (core_->is_leader() &&
      (proposed_.empty() || proposed_.front()->term == core_->term()) &&
      (reading_.empty() || reading_.front()->term == core_->term())) {
    return;
  }
  for (const SharedRequest& request : std::exchange(reading_, {})) {
    Answer(request, {.leader = core_->leader()});
  }
  for (const SharedRequest& request : std::exchange(proposed_, {})) {
    Answer(request, {.leader = core_->leader()});
  }
}

void RaftServer::Answer(const SharedRequest& request, Response response) {
  request->response = std::move(response);
  request->answered.WakeAll();
}

void RaftServer::Drop() {
  if (core_.has_value()) observer_->OnDown(id_);
  core_.reset();
  journal_.reset();
  store_ = KvStore();
  inbox_.clear();
  tick_due_ = false;
  ticked_.WakeAll();
  for (auto* pending : {&requests_, &reading_}) {
    for (const SharedRequest& request : std::exchange(*pending, {})) {
      Answer(request, {});
    }
  }
  for (const SharedRequest& request : std::exchange(proposed_, {})) {
    Answer(request, {});
  }
}

}  // namespace moonpool::raft
