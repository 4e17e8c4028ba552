// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Post: letters of a few integers between the members of a problem, as
// datagrams: each may be lost, or overtaken by a later one.
//
//   CO_ASSIGN_OR_RETURN(Post post, co_await Post::Open(ctx));
//   co_await post.Send(server, {kWrite, sequence, value});
//   std::optional<Letter> letter = co_await post.Receive(absl::Seconds(1));
//   if (letter && letter->At(0) == kWritten) ...
#ifndef MOONPOOL_EXPLORER_PROBLEMS_POST_H_
#define MOONPOOL_EXPLORER_PROBLEMS_POST_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "providers/coro/task.h"
#include "providers/network.h"
#include "sim/runner/context.h"

namespace moonpool::problems {

// The contents of a letter, and of a journal's record.
using Words = std::vector<int64_t>;

std::string EncodeWords(const Words& words);
// What EncodeWords made; a rest of less than a word is left out.
Words DecodeWords(absl::string_view bytes);

struct Letter {
  std::string from;  // the sender's address
  Words words;
  // 0 where the letter is shorter.
  int64_t At(size_t index) const {
    return index < words.size() ? words[index] : 0;
  }
};

class Post {
 public:
  static Task<absl::StatusOr<Post>> Open(SimContext& ctx);

  // By value: the letter must outlive the sender's own variables.
  Task<void> Send(std::string to, Words words);
  // nullopt if nothing came in time.
  Task<std::optional<Letter>> Receive(absl::Duration patience);

 private:
  Post(SimContext* ctx, std::unique_ptr<DatagramSocket> socket)
      : ctx_(ctx), socket_(std::move(socket)) {}

  SimContext* ctx_;
  std::unique_ptr<DatagramSocket> socket_;
};

// The index of a process among all; -1 for a workload.
int IndexOf(const SimContext& ctx, absl::string_view ip);

}  // namespace moonpool::problems

#endif  // MOONPOOL_EXPLORER_PROBLEMS_POST_H_
