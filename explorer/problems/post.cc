// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "explorer/problems/post.h"

#include <bit>
#include <cstring>

#include "providers/base/status_macros.h"

namespace moonpool::problems {

static_assert(std::endian::native == std::endian::little,
              "words lie in a letter as in memory");

std::string EncodeWords(const Words& words) {
  std::string bytes(words.size() * sizeof(int64_t), '\0');
  if (!words.empty()) std::memcpy(bytes.data(), words.data(), bytes.size());
  return bytes;
}

Words DecodeWords(absl::string_view bytes) {
  Words words(bytes.size() / sizeof(int64_t));
  if (!words.empty()) {
    std::memcpy(words.data(), bytes.data(), words.size() * sizeof(int64_t));
  }
  return words;
}

Task<absl::StatusOr<Post>> Post::Open(SimContext& ctx) {
  CO_ASSIGN_OR_RETURN(std::unique_ptr<DatagramSocket> socket,
                      co_await ctx.network().BindDatagram(ctx.my_ip()));
  co_return Post(&ctx, std::move(socket));
}

Task<void> Post::Send(std::string to, Words words) {
  // Whether it arrives is anybody's guess, whatever the network says.
  (void)co_await socket_->SendTo(std::move(to), EncodeWords(words));
}

Task<std::optional<Letter>> Post::Receive(absl::Duration patience) {
  const absl::StatusOr<Datagram> datagram =
      co_await ctx_->time().Timeout(patience, socket_->Receive());
  if (!datagram.ok()) co_return std::nullopt;
  Letter letter = {.from = datagram->from.substr(0, datagram->from.find(':')),
                   .words = DecodeWords(datagram->bytes)};
  co_return std::optional<Letter>(std::move(letter));
}

int IndexOf(const SimContext& ctx, absl::string_view ip) {
  const std::vector<std::string>& ips = ctx.topology().all_process_ips();
  for (size_t i = 0; i < ips.size(); ++i) {
    if (ips[i] == ip) return static_cast<int>(i);
  }
  return -1;
}

}  // namespace moonpool::problems
