// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "explorer/campaigns/craft_server.h"

#include <new>

#include "absl/strings/str_cat.h"
#include "providers/base/check.h"
#include "providers/base/status_macros.h"
#include "sim/runner/topology.h"

namespace moonpool::craft {
namespace {

CraftServer& Self(raft_fsm* fsm) {
  return *static_cast<CraftServer*>(fsm->data);
}

absl::Status ToStatus(int result, absl::string_view what) {
  if (result == 0) return absl::OkStatus();
  return absl::InternalError(absl::StrCat(what, ": ", raft_strerror(result)));
}

}  // namespace

// In the library's heap, so that it is dropped with the rest.
struct CraftServer::Request {
  struct raft_apply apply;
  CraftCluster* cluster;
  uint64_t command;
};

CraftServer::~CraftServer() {
  if (cluster_ != nullptr) cluster_->SetServer(id_, nullptr);
}

Task<absl::Status> CraftServer::Run(SimContext& ctx) {
  const std::vector<std::string>& ips = ctx.topology().all_process_ips();
  id_ = static_cast<raft_id>(ctx.client_id()) + 1;
  cluster_ = CraftCluster::Of(ctx.state());
  io_.emplace(CraftIo::Options{.providers = &ctx,
                               .heap = &heap_,
                               .metadata = cluster_->MetadataOf(id_),
                               .id = id_,
                               .addresses = ips});
  CO_RETURN_IF_ERROR(co_await io_->Open());
  fsm_.version = 1;
  fsm_.data = this;
  fsm_.apply = &CraftServer::Apply;
  fsm_.snapshot = &CraftServer::TakeSnapshot;
  fsm_.restore = &CraftServer::Restore;
  {
    CraftHeap::Scope scope(&heap_);
    CO_RETURN_IF_ERROR(
        ToStatus(raft_init(&raft_, io_->get(), &fsm_, id_, ctx.my_ip().c_str()),
                 "raft_init"));
    raft_set_pre_vote(&raft_, pre_vote_);
    CO_RETURN_IF_ERROR(ToStatus(raft_start(&raft_), "raft_start"));
  }
  cluster_->SetServer(id_, this);
  co_await ctx.shutdown().Cancelled();
  co_return absl::OkStatus();
}

void CraftServer::Submit(uint64_t command) {
  CraftHeap::Scope scope(&heap_);
  auto* request = static_cast<Request*>(raft_calloc(1, sizeof(Request)));
  request->cluster = cluster_.get();
  request->command = command;
  std::string bytes;
  ByteWriter(&bytes).U64(command);
  const raft_buffer buffer = MakeBuffer(bytes);
  const int result =
      raft_apply(&raft_, &request->apply, &buffer, 1,
                 [](struct raft_apply* apply, int status, void*) {
                   auto* request = reinterpret_cast<Request*>(apply);
                   if (status == 0)
                     request->cluster->OnAcknowledged(request->command);
                   raft_free(request);
                 });
  if (result != 0) {
    raft_free(buffer.base);
    raft_free(request);
  }
}

int CraftServer::Apply(raft_fsm* fsm, const raft_buffer* buffer,
                       void** result) {
  CraftServer& self = Self(fsm);
  self.cluster_->OnApplied(self, ByteReader(View(*buffer)).U64());
  self.applied_.push_back(ByteReader(View(*buffer)).U64());
  *result = nullptr;
  return 0;
}

int CraftServer::TakeSnapshot(raft_fsm* fsm, raft_buffer** buffers,
                              unsigned* count) {
  std::string bytes;
  ByteWriter writer(&bytes);
  for (uint64_t command : Self(fsm).applied_) writer.U64(command);
  *buffers = static_cast<raft_buffer*>(raft_malloc(sizeof(raft_buffer)));
  **buffers = MakeBuffer(bytes);
  *count = 1;
  return 0;
}

int CraftServer::Restore(raft_fsm* fsm, raft_buffer* buffer) {
  CraftServer& self = Self(fsm);
  self.applied_.clear();
  ByteReader reader(View(*buffer));
  while (reader.remaining() > 0) {
    const uint64_t command = reader.U64();
    self.cluster_->OnApplied(self, command);
    self.applied_.push_back(command);
  }
  raft_free(buffer->base);
  return 0;
}

}  // namespace moonpool::craft
