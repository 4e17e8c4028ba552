// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "explorer/campaigns/raft/peer_link.h"

#include <utility>

#include "absl/time/time.h"
#include "explorer/campaigns/raft/codec.h"
#include "explorer/campaigns/raft/protocol.h"

namespace moonpool::raft {
namespace {

constexpr size_t kMaxOutboxBytes = 256 * 1024;
constexpr absl::Duration kConnectTimeout = absl::Milliseconds(400);
constexpr absl::Duration kWriteTimeout = absl::Seconds(1);
constexpr absl::Duration kBackoffMin = absl::Milliseconds(20);
constexpr absl::Duration kBackoffMax = absl::Milliseconds(150);

}  // namespace

void PeerLink::Send(const Message& message) {
  if (outbox_.size() > kMaxOutboxBytes) outbox_.clear();
  scratch_.assign(1, kPeerMessage);
  EncodeMessage(message, scratch_);
  AppendFrame(scratch_, outbox_);
  filled_.WakeOne();
}

Task<void> PeerLink::Run() {
  for (;;) {
    while (outbox_.empty()) co_await filled_.Wait();
    if (stream_ == nullptr) {
      absl::StatusOr<std::unique_ptr<Stream>> connected =
          co_await providers_->time().Timeout(
              kConnectTimeout, providers_->network().Connect(address_));
      if (!connected.ok()) {
        outbox_.clear();  // old by now
        co_await providers_->time().Sleep(
            providers_->random().Range(kBackoffMin, kBackoffMax));
        continue;
      }
      stream_ = std::move(*connected);
    }
    const std::string bytes = std::exchange(outbox_, {});
    const absl::Status written = co_await providers_->time().Timeout(
        kWriteTimeout, stream_->Write(bytes));
    if (!written.ok()) stream_.reset();
  }
}

}  // namespace moonpool::raft
