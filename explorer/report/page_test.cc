// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: the page shows what was found, harms nobody who opens it, and stays
// small. Method: pages of hand-made logs, and one of a made-up search of 50,000
// timelines. tools/report_screenshot opens pages in a browser.
#include "explorer/report/page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "explorer/directory/log.pb.h"
#include "explorer/directory/search_log.h"
#include "explorer/directory/testing_log.h"
#include "explorer/recipe/recipe.h"
#include "explorer/report/html.h"
#include "explorer/report/tree_data.h"
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/util/json_util.h"

namespace moonpool {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string TestDirectory(const std::string& name) {
  return absl::StrCat(
      testing::TempDir(), "/",
      testing::UnitTest::GetInstance()->current_test_info()->name(), "/", name);
}

PageOptions Options() {
  PageOptions options;
  options.replay = [](size_t number, const BugRecipe& recipe) {
    return absl::StrCat("explorer replay ", number, " '", FormatRecipe(recipe),
                        "'");
  };
  return options;
}

std::string PageOf(const std::string& directory,
                   const PageOptions& options = Options()) {
  const absl::StatusOr<PageInput> input = ReadPageInput(directory);
  EXPECT_TRUE(input.ok()) << input.status();
  return RenderPage(*input, options);
}

std::string TestingPage() {
  const std::string directory = TestDirectory("search");
  WriteTestingLog(MakeTestingLog(), directory);
  return PageOf(directory);
}

// What lies between two texts.
std::string Between(const std::string& text, const std::string& from,
                    const std::string& to) {
  const size_t begin = text.find(from);
  EXPECT_NE(begin, std::string::npos) << from;
  if (begin == std::string::npos) return "";
  const size_t end = text.find(to, begin + from.size());
  return text.substr(begin + from.size(), end - begin - from.size());
}

TEST(Page, SaysWhereASearchBeganAndBranched) {
  TestingLog log = MakeTestingLog(42);
  log.config.set_around("7: 20@3");
  log.config.add_split_at(5);
  log.config.add_split_at(10);
  log.config.set_split_every(100);
  const std::string directory = TestDirectory("search");
  WriteTestingLog(log, directory);
  const std::string page = PageOf(directory);
  EXPECT_THAT(page, HasSubstr(" · around 7: 20@3 · splits at 5, 10 draws · "
                              "splits every 100 draws · policy "));
  // What branched off the first timeline had come along the recipe's way.
  EXPECT_THAT(page, HasSubstr("<code>42: 20@3 -&gt; 10@1007</code>"));
}

TEST(Page, ShowsWhatTheSearchCameTo) {
  const std::string page = TestingPage();
  for (const char* text : {
           "<title>kv – exploration</title>",
           "seed 42 · durable=&lt;true&gt; · policy greedy · lag 1 · build "
           "00000000000000ff",
           "<dt>Bugs</dt><dd>2</dd><dd class=\"detail\">1 timelines died",
           "<dt>Timelines</dt><dd>10</dd>",
           "<dt>Marks</dt><dd>4</dd><dd class=\"detail\">5 discoveries",
           "<span class=\"badge\">1</span> broken</h3>",
           "ASSERT_ALWAYS · app/kv.cc:12 · first after 3 timelines · shown by "
           "3 · 1 split · after 2.5 s simulated · identity 0000000000000b06",
           "<code>42: 10@1007</code>",
           "<code>explorer replay 1 &#39;42: 10@1007&#39;</code>",
           "<code>42: 10@1002 -&gt; 30@1008</code>",
           "<h2>Tree of timelines</h2>",
           "7 timelines discovered or violated something, or died; the other "
           "3 are only counted",
       }) {
    EXPECT_THAT(page, HasSubstr(text));
  }
}

LoggedFunction Function(uint32_t number, const std::string& name,
                        uint64_t covered, uint64_t last) {
  LoggedFunction function;
  function.set_number(number);
  function.set_name(name);
  function.set_covered(covered);
  if (covered > 0) function.set_first_timeline(2);
  function.set_last_timeline(last);
  return function;
}

TEST(Page, ShowsWhatIsCoveredOfInstrumentedCode) {
  EXPECT_THAT(TestingPage(), Not(HasSubstr("Instrumented code")));
  TestingLog log = MakeTestingLog();
  for (uint32_t i = 0; i < 5; ++i) {
    LoggedFunction& function = *log.first.add_functions();
    function.set_number(i);
    function.set_edges(10 + i);
  }
  *log.first.add_functions() = Function(0, "Old", 4, 3);
  *log.first.add_functions() = Function(1, "Old", 6, 2);  // its other part
  *log.second.add_functions() = Function(2, "New<x>", 1, 7);
  *log.second.add_functions() = Function(2, "New<x>", 11, 9);
  *log.second.add_functions() = Function(3, "Never", 0, 0);
  LoggedDiscovery& found =
      *log.second.mutable_timelines(0)->mutable_discoveries(0);
  found.set_assertion(kEdgesAssertionId);
  const std::string directory = TestDirectory("search");
  WriteTestingLog(log, directory);
  const std::string page = PageOf(directory);
  EXPECT_THAT(page, HasSubstr("<dt>Edges</dt><dd>22</dd><dd class=\"detail\">"
                              "covered, of 60</dd>"));
  const std::string code =
      Between(page, "<h2>Instrumented code</h2>", "</section>");
  auto row = [](const std::string& state, const std::string& name,
                std::vector<int> numbers) {
    std::string row = absl::StrCat("<span class=\"state\">", state,
                                   "</span></td><td>", name, "</td>");
    for (const int n : numbers) {
      absl::StrAppend(&row, "<td class=\"n\" data-v=\"", n, "\">", n, "</td>");
    }
    return row;
  };
  const size_t never = code.find(row("never", "Never", {0, 13, 0, 0}));
  const size_t fresh = code.find(row("covered", "New&lt;x&gt;", {12, 12, 2, 9}));
  const size_t old = code.find(row("in part", "Old", {10, 21, 2, 3}));
  EXPECT_LT(never, fresh);
  EXPECT_LT(fresh, old);
  EXPECT_NE(old, std::string::npos) << code;
  EXPECT_THAT(code, HasSubstr(">1 more were never entered"));
  // Nobody counts arrivals at edges.
  EXPECT_THAT(Between(page, "<h2>Yield of the marks</h2>", "</section>"),
              HasSubstr("–</td>"));
}

TEST(Page, WhatNeverHappenedIsOnTop) {
  const std::string assertions =
      Between(TestingPage(), "<h2>Assertions</h2>", "</section>");
  const size_t never = assertions.find("a client retries");
  const size_t violated = assertions.find("broken");
  const size_t fine = assertions.find("a lock opens");
  ASSERT_NE(never, std::string::npos);
  EXPECT_LT(never, violated);
  EXPECT_LT(violated, fine);
  EXPECT_NE(fine, std::string::npos);
  EXPECT_THAT(assertions, HasSubstr("<span class=\"state\">never</span>"));
  // The file of another campaign, of which nothing was evaluated.
  EXPECT_THAT(assertions, Not(HasSubstr("elsewhere")));
  EXPECT_THAT(assertions, HasSubstr("1 assertions are left out"));
}

TEST(Page, AProgramWithOneCampaignMissesAllThatNeverHappened) {
  const std::string directory = TestDirectory("search");
  WriteTestingLog(MakeTestingLog(), directory);
  PageOptions options = Options();
  options.all_assertions_count = true;
  const std::string page = PageOf(directory, options);
  EXPECT_THAT(page, HasSubstr("elsewhere"));
  EXPECT_THAT(page, Not(HasSubstr("are left out: none of")));
}

TEST(Page, MarksHaveTheirYield) {
  EXPECT_THAT(
      Between(TestingPage(), "<h2>Yield of the marks</h2>", "</section>"),
      HasSubstr(
          "<tr><td>gate</td><td class=\"n\" data-v=\"1\">1</td><td class=\"n\" "
          "data-v=\"2\">2</td><td class=\"n\" data-v=\"0\">0</td><td "
          "class=\"n\" data-v=\"3\">3</td><td class=\"n\" "
          "data-v=\"1\">1</td><td class=\"n\" data-v=\"3\">3</td></tr>"));
}

TEST(Page, EstimatesWhatIsUnseen) {
  // Marks: two shown once, one twice, one three times; t = 1/2: 2/2 - 1/4 +
  // 1/8.
  EXPECT_THAT(
      TestingPage(),
      HasSubstr(
          "<th scope=\"row\">Marks</th><td class=\"n\" data-v=\"2\">2</td><td "
          "class=\"n\" data-v=\"1\">1</td><td class=\"n\" "
          "data-v=\"1\">1</td><td class=\"n\">0.2</td><td "
          "class=\"n\">0.875</td><td class=\"n\">5</td>"));
}

TEST(Page, NoTextOfACampaignBecomesMarkup) {
  const std::string page = TestingPage();
  EXPECT_THAT(page, Not(HasSubstr("<script>lock")));
  EXPECT_THAT(page, Not(HasSubstr("<b>")));
  EXPECT_THAT(page, Not(HasSubstr("<true>")));
  EXPECT_THAT(page, HasSubstr("<td>&lt;script&gt;lock&lt;/script&gt;</td>"));
  EXPECT_THAT(page, HasSubstr("key=&quot;k3&quot; &lt;b&gt;"));
  EXPECT_THAT(page, HasSubstr("\\u003cscript\\u003elock\\u003c/script\\u003e"));
}

TEST(Page, TakesNothingFromElsewhere) {
  const std::string page = TestingPage();
  for (const char* text :
       {"http:", "https:", "src=", "<link", "@import", "url(", "fetch("}) {
    EXPECT_THAT(page, Not(HasSubstr(text)));
  }
}

TEST(Page, IsTheSameEachTime) { EXPECT_EQ(TestingPage(), TestingPage()); }

TEST(Page, OfAMergeShowsItsSearches) {
  for (const uint64_t seed : {1, 2}) {
    WriteTestingLog(MakeTestingLog(seed), TestDirectory(absl::StrCat(seed)));
  }
  const std::string merged = TestDirectory("merged");
  ASSERT_TRUE(
      MergeCampaigns({TestDirectory("1"), TestDirectory("2")}, merged).ok());
  const std::string page = PageOf(merged);
  EXPECT_THAT(page, HasSubstr("2 searches, merged"));
  EXPECT_THAT(page, HasSubstr("the tree of a search is on the page that"));
  EXPECT_THAT(page, HasSubstr("<dt>Timelines</dt><dd>20</dd>"));
  EXPECT_THAT(page, HasSubstr("<td>seed 2 · durable=&lt;true&gt;"));
  EXPECT_THAT(page, HasSubstr("seed 1</text>"));
  EXPECT_THAT(page, HasSubstr("shown by 6"));
  EXPECT_THAT(page, Not(HasSubstr("id=\"tree-data\"")));
  EXPECT_EQ(page, PageOf(merged));
}

TEST(Page, OfNothingIsAnError) {
  EXPECT_TRUE(
      absl::IsNotFound(ReadPageInput(TestDirectory("nowhere")).status()));
}

TEST(Page, OfASearchWithoutTimelinesIsAPage) {
  TestingLog log = MakeTestingLog();
  log.first.Clear();
  log.second.Clear();
  WriteTestingLog(log, TestDirectory("search"));
  const std::string page = PageOf(TestDirectory("search"));
  EXPECT_THAT(page, HasSubstr("None was found."));
  EXPECT_THAT(page, Not(HasSubstr("nan")));
}

// 50,000 timelines, of which each has discovered marks of its own, in a tree
// of random shape; three bugs among them.
CampaignSummary LargeSearch() {
  constexpr int kTimelines = 50'000;
  CampaignSummary summary;
  CampaignPart& part = summary.part;
  part.mutable_config()->set_campaign("large");
  part.set_timelines(kTimelines);
  summary.tree.resize(kTimelines + 1);
  uint64_t random = 1;
  for (int i = 1; i <= kTimelines; ++i) {
    TreeTimeline& timeline = summary.tree[i];
    random = random * 6364136223846793005u + 1442695040888963407u;
    timeline.number = static_cast<uint64_t>(i - 1);
    // Near the last ones, so that the tree is deep.
    timeline.parent = std::max(0, i - 1 - static_cast<int>(random >> 33) % 50);
    timeline.split_draws = static_cast<uint64_t>(i) * 10;
    for (int k = 0; k < 2; ++k) {
      timeline.discoveries.push_back(
          {.mark = static_cast<uint32_t>(part.marks_size()), .is_first = true});
      PartMark& mark = *part.add_marks();
      mark.set_key(static_cast<uint64_t>(part.marks_size()));
      mark.set_label(absl::StrCat("a gate of many, lock=", i, " depth=", k));
      mark.set_first_timeline(timeline.number + 1);
      mark.set_discoveries(1);
      mark.set_reaches(static_cast<uint32_t>(i % 9));
    }
  }
  for (const int at : {100, 30'000, 50'000}) {
    summary.tree[at].bug = part.bugs_size();
    PartBug& bug = *part.add_bugs();
    bug.set_identity(static_cast<uint64_t>(at));
    bug.set_first_timeline(static_cast<uint64_t>(at));
    bug.mutable_recipe()->mutable_expected()->set_message(
        absl::StrCat("bug at ", at));
  }
  return summary;
}

TEST(Page, OfALargeSearchIsSmallAndQuicklyMade) {
  PageInput input;
  input.search = LargeSearch();
  AddPart(input.search->part, input.parts);
  const auto start = std::chrono::steady_clock::now();
  const std::string page = RenderPage(input, Options());
  const std::chrono::duration<double> took =
      std::chrono::steady_clock::now() - start;
  EXPECT_LT(page.size(), size_t{2} << 20);
  // For tools/report_screenshot.
  if (const char* outputs = getenv("TEST_UNDECLARED_OUTPUTS_DIR")) {
    std::ofstream(absl::StrCat(outputs, "/large.html")) << page;
  }
  EXPECT_LT(took.count(), 10) << "some twenty times what it takes";
  for (const char* text : {"bug at 100<", "bug at 30000<", "bug at 50000<",
                           "500 of 100,000 are shown: those most branched",
                           "9,999 of 50,000 are shown: those on the way"}) {
    EXPECT_THAT(page, HasSubstr(text));
  }
}

std::vector<double> Column(const google::protobuf::Struct& data,
                           const std::string& name) {
  std::vector<double> column;
  for (const auto& value : data.fields().at(name).list_value().values()) {
    column.push_back(value.number_value());
  }
  return column;
}

TEST(TreeData, OfALargeTreeTheWaysToBugsAreKept) {
  const TreeData data = MakeTreeData(LargeSearch());
  EXPECT_EQ(data.total, 50'000u);
  EXPECT_EQ(data.shown, kMaxTreeTimelines - 1);
  google::protobuf::Struct json;
  ASSERT_TRUE(
      google::protobuf::util::JsonStringToMessage(data.json, &json).ok());
  const std::vector<double> number = Column(json, "number");
  const std::vector<double> parent = Column(json, "parent");
  const std::vector<double> first = Column(json, "first");
  ASSERT_EQ(number.size(), kMaxTreeTimelines);
  EXPECT_EQ(parent[0], -1);
  for (size_t row = 1; row < parent.size(); ++row) {
    ASSERT_GE(parent[row], 0) << row;
    ASSERT_LT(parent[row], static_cast<double>(row));
  }
  ASSERT_EQ(first.size(), 3u);
  EXPECT_EQ(number[static_cast<size_t>(first[0])], 99);
  EXPECT_EQ(number[static_cast<size_t>(first[1])], 29'999);
  EXPECT_EQ(number[static_cast<size_t>(first[2])], 49'999);
  for (const char* name :
       {"at", "marks", "found", "branches", "bug", "died", "hidden"}) {
    EXPECT_EQ(json.fields().at(name).list_value().values_size(),
              static_cast<int>(kMaxTreeTimelines))
        << name;
  }
}

TEST(Html, EscapesAndCuts) {
  EXPECT_EQ(EscapeHtml("<a href='x'>&\"</a>"),
            "&lt;a href=&#39;x&#39;&gt;&amp;&quot;&lt;/a&gt;");
  EXPECT_EQ(EscapeHtml("tab\t \xff ü"), "tab\\x09 \\xff ü");
  EXPECT_EQ(JsonString("a\"b\\c</script><!--\n"),
            "\"a\\\"b\\\\c\\u003c/script\\u003e\\u003c!--\\\\x0a\"");
  std::string longer(kMaxTextBytes - 1, 'x');
  longer += "üüü";
  EXPECT_EQ(EscapeHtml(longer), std::string(kMaxTextBytes - 1, 'x') + "…");
}

TEST(Html, NumbersForPeople) {
  EXPECT_EQ(Grouped(1234567), "1,234,567");
  EXPECT_EQ(Rounded(0), "0");
  EXPECT_EQ(Rounded(0.000123456), "0.000123");
  EXPECT_EQ(Rounded(3.14159), "3.14");
  EXPECT_EQ(Rounded(10), "10");
  EXPECT_EQ(Rounded(1234.5), "1,235");
  EXPECT_EQ(ForHumans(4.25), "4.2 s");
  EXPECT_EQ(ForHumans(185), "3 min 5 s");
  EXPECT_EQ(ForHumans(7620), "2 h 7 min");
}

TEST(Html, ChartsAreDrawnToScale) {
  Chart chart;
  chart.title = "<t>";
  chart.x_label = "x";
  chart.lines.push_back({.name = "marks", .points = {{0, 0}, {10, 400}}});
  chart.strokes = {{5, "1"}, {5.1, "2"}, {9, "3"}};
  chart.stroke_name = "bug";
  const std::string svg = ChartSvg(chart);
  EXPECT_THAT(svg, HasSubstr("aria-label=\"&lt;t&gt;\""));
  EXPECT_THAT(svg, HasSubstr("d=\"M52.0 186.0L548.0 18.0\""));
  EXPECT_THAT(svg, HasSubstr(">bug 1, 2</text>"));
  EXPECT_THAT(svg, HasSubstr(">bug 3</text>"));
  chart.is_logarithmic = true;
  chart.lines[0].points = {{0, 0}, {1, 0}, {10, 200}, {100, 400}};
  EXPECT_THAT(ChartSvg(chart),
              HasSubstr("d=\"M52.0 186.0L300.0 102.0L548.0 18.0\""));
}

}  // namespace
}  // namespace moonpool
