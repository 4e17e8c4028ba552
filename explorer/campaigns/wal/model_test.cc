// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: the model allows what a correct store may do, and nothing else; the
// protocol carries what was put in.
#include "explorer/campaigns/wal/model.h"

#include <optional>
#include <string>

#include "explorer/campaigns/wal/protocol.h"
#include "gtest/gtest.h"

namespace moonpool::wal {
namespace {

// a=1 is acknowledged; b=2, a=3 and the removal of b are in doubt.
Model SomeModel() {
  Model model;
  model.Submit({.key = "a", .value = "1"});
  model.Submit({.key = "b", .value = "2"});
  model.Submit({.key = "a", .value = "3"});
  model.Submit({.key = "b", .value = std::nullopt});
  model.Acknowledge();
  return model;
}

TEST(ModelTest, EveryPrefixOfWhatIsInDoubtIsLegal) {
  for (const State& found :
       {State{{"a", "1"}}, State{{"a", "1"}, {"b", "2"}},
        State{{"a", "3"}, {"b", "2"}}, State{{"a", "3"}}}) {
    Model model = SomeModel();
    EXPECT_TRUE(model.Resolve(found));
    EXPECT_EQ(model.state(), found);
    EXPECT_EQ(model.in_doubt(), 0u);
    // What had not happened then never will.
    EXPECT_FALSE(model.Resolve({{"a", "4"}}));
    EXPECT_TRUE(model.Resolve(found));
  }
}

TEST(ModelTest, NothingElseIs) {
  for (const State& found :
       {State{},                           // the acknowledged one is lost
        State{{"b", "2"}},                 // it is lost, a later one is not
        State{{"a", "1"}, {"b", "3"}},     // a value of another key
        State{{"a", "1"}, {"b", "2x"}},    // a changed value
        State{{"a", "1"}, {"c", "2"}}}) {  // a key never written
    Model model = SomeModel();
    EXPECT_FALSE(model.Resolve(found));
    EXPECT_EQ(model.in_doubt(), 3u);
  }
}

TEST(ModelTest, KnowsWhichValuesWereWritten) {
  const Model model = SomeModel();
  EXPECT_TRUE(model.AreKnown({}));
  EXPECT_TRUE(model.AreKnown({{"a", "3"}, {"b", "2"}}));
  EXPECT_FALSE(model.AreKnown({{"a", "2"}}));
  EXPECT_FALSE(model.AreKnown({{"a", "1"}, {"b", "2 "}}));
}

TEST(ModelTest, DescribesTheSmallestDifference) {
  const Model model = SomeModel();
  EXPECT_EQ(model.Describe({{"a", "1"}}), "");
  EXPECT_EQ(model.Describe({{"a", "3"}, {"b", "x"}}), "b: got x, wanted 2");
  EXPECT_EQ(model.Describe({}), "a: got nothing, wanted 1");
}

TEST(ProtocolTest, RequestsAndRepliesComeBack) {
  for (const Change& change :
       {Change{.key = "k", .value = "v"}, Change{.key = "k", .value = ""},
        Change{.key = "k", .value = std::nullopt}}) {
    const std::optional<Request> request = DecodeRequest(
        EncodeRequest({.kind = Request::Kind::kChange, .change = change}));
    ASSERT_TRUE(request.has_value());
    EXPECT_EQ(request->kind, Request::Kind::kChange);
    EXPECT_EQ(request->change, change);
  }
  EXPECT_EQ(DecodeRequest("D")->kind, Request::Kind::kDump);
  EXPECT_EQ(DecodeRequest(std::string("G\1k", 3))->change.key, "k");
  EXPECT_FALSE(DecodeRequest("").has_value());
  EXPECT_FALSE(DecodeRequest(std::string("X\1k", 3)).has_value());
  EXPECT_FALSE(DecodeRequest(std::string("G\2k", 3)).has_value());
  EXPECT_TRUE(
      DecodeReply(EncodeReply({.is_lost = true, .result = ""}))->is_lost);
  EXPECT_EQ(DecodeReply(EncodeReply({.is_lost = false, .result = "r"}))->result,
            "r");
  EXPECT_FALSE(DecodeReply("").has_value());
}

TEST(ProtocolTest, StatesComeBack) {
  const State state = {{"a", "1"}, {"b", ""}};
  const std::string bytes = EncodeState(state);
  EXPECT_EQ(DecodeState(bytes), state);
  EXPECT_EQ(DecodeState(""), State());
  EXPECT_FALSE(DecodeState(bytes.substr(0, bytes.size() - 1)).has_value());
}

}  // namespace
}  // namespace moonpool::wal
