// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: messages survive the wire, damaged ones are noticed, and no bytes make
// the decoder misbehave. Method: round trips, every single flipped bit, and
// random bytes of fixed seeds.
#include "explorer/campaigns/raft/codec.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "gtest/gtest.h"

namespace moonpool::raft {
namespace {

Message FullMessage() {
  Message message = {.kind = MessageKind::kSnapshot,
                     .from = 2,
                     .to = 3,
                     .term = 300,
                     .pre = true,
                     .accepted = true,
                     .index = 70000,
                     .log_term = 299,
                     .rejected = 5,
                     .commit = 69999,
                     .round = ~uint64_t{0}};
  message.entries.push_back(
      {.term = 7, .kind = EntryKind::kCommand, .data = "put"});
  message.entries.push_back({.term = 8, .kind = EntryKind::kMembers});
  message.snapshot = std::make_shared<Snapshot>(Snapshot{
      .index = 9, .term = 3, .chain = 77, .members = {7, 28}, .data = "kv"});
  return message;
}

std::string Encode(const Message& message) {
  std::string bytes;
  EncodeMessage(message, bytes);
  return bytes;
}

TEST(CodecTest, MessagesSurvive) {
  const Message message = FullMessage();
  const std::optional<Message> decoded = DecodeMessage(Encode(message));
  ASSERT_TRUE(decoded.has_value());
  EXPECT_EQ(Encode(*decoded), Encode(message));
  EXPECT_EQ(decoded->kind, MessageKind::kSnapshot);
  EXPECT_EQ(decoded->round, ~uint64_t{0});
  ASSERT_EQ(decoded->entries.size(), 2u);
  EXPECT_EQ(decoded->entries[0].data, "put");
  EXPECT_EQ(decoded->entries[1].kind, EntryKind::kMembers);
  ASSERT_NE(decoded->snapshot, nullptr);
  EXPECT_EQ(decoded->snapshot->members, (Members{7, 28}));
  EXPECT_EQ(decoded->snapshot->data, "kv");
}

TEST(CodecTest, EveryPrefixIsRefused) {
  const std::string bytes = Encode(FullMessage());
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(DecodeMessage(absl::string_view(bytes).substr(0, size)));
  }
  EXPECT_FALSE(DecodeMessage(bytes + "x"));
}

TEST(CodecTest, RandomBytesDoNoHarm) {
  std::mt19937_64 random(1);
  const std::string bytes = Encode(FullMessage());
  for (int i = 0; i < 20000; ++i) {
    std::string damaged = bytes;
    for (int flips = 1 + static_cast<int>(random() % 4); flips > 0; --flips) {
      damaged[random() % damaged.size()] = static_cast<char>(random());
    }
    const std::optional<Message> decoded = DecodeMessage(damaged);
    if (!decoded.has_value()) continue;
    EXPECT_GE(decoded->from, 1);
    EXPECT_LE(decoded->from, kMaxNodes);
    EXPECT_LE(decoded->entries.size(), damaged.size());
  }
}

TEST(FrameTest, FramesMayArriveInPieces) {
  std::string bytes;
  AppendFrame("first", bytes);
  AppendFrame("", bytes);
  AppendFrame(std::string(5000, 'x'), bytes);
  for (const size_t piece : {size_t{1}, size_t{7}, bytes.size()}) {
    FrameBuffer buffer;
    std::vector<std::string> payloads;
    for (size_t at = 0; at < bytes.size(); at += piece) {
      buffer.Append(absl::string_view(bytes).substr(at, piece));
      while (const auto payload = buffer.Next()) payloads.emplace_back(*payload);
    }
    ASSERT_EQ(payloads.size(), 3u);
    EXPECT_EQ(payloads[0], "first");
    EXPECT_EQ(payloads[1], "");
    EXPECT_EQ(payloads[2].size(), 5000u);
    EXPECT_FALSE(buffer.is_broken());
  }
}

TEST(FrameTest, EveryFlippedBitIsNoticed) {
  std::string bytes;
  AppendFrame("some payload", bytes);
  for (size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    std::string damaged = bytes;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ 1 << bit % 8);
    FrameBuffer buffer;
    buffer.Append(damaged);
    EXPECT_FALSE(buffer.Next().has_value()) << bit;
    EXPECT_TRUE(buffer.is_broken()) << bit;
  }
}

}  // namespace
}  // namespace moonpool::raft
