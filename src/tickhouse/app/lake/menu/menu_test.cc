#include "tickhouse/app/lake/menu/menu.h"

#include <deque>

#include "tickhouse/app/lake/lake_testing.h"

namespace tickhouse::app {
namespace {

/// What was printed, when these lines were said.
std::string Talk(LakeFolder& lake, std::deque<std::string> lines, RunReport* report = nullptr,
                 const std::string& table = "eurusd") {
  std::string text;
  MenuRequest request{.table = table, .talk = {}};
  request.talk.print = [&](std::string_view part) -> Status {
    text += part;
    return {};
  };
  request.talk.ask = [&](std::string_view prompt) -> Result<std::optional<std::string>> {
    text += prompt;
    if (lines.empty()) return std::nullopt;
    std::string line = lines.front();
    lines.pop_front();
    return line;
  };
  auto run = LakeMenu(lake.request, request, lake.environment);
  EXPECT_OK(run);
  if (report != nullptr && run) *report = *std::move(run);
  EXPECT_TRUE(lines.empty()) << "not asked for: " << lines.front();
  return text;
}

using testing::HasSubstr;
using testing::Not;

TEST(LakeMenu, SnapshotsAreNumberedTheLatestFirst) {
  LakeFolder lake;
  const int64_t first = lake.Append(TickRows(0, 3));
  const int64_t second = lake.Append(TickRows(9, 1));
  const std::string text = Talk(lake, {"s", "q"});
  EXPECT_LT(text.find("\n1  *"), text.find("\n2   "));
  EXPECT_THAT(text, HasSubstr(std::to_string(first)));
  EXPECT_THAT(text, HasSubstr(std::to_string(second)));
}

TEST(LakeMenu, RowsAndPartitionsAtASnapshotByNumber) {
  LakeFolder lake;
  lake.Append(TickRows(0, 3));
  lake.Append(TickRows(0, 1, 77, 2021));
  const std::string rows = Talk(lake, {"r", "2", ""});
  EXPECT_THAT(rows, HasSubstr("3.0"));
  EXPECT_THAT(rows, Not(HasSubstr("77.0")));
  EXPECT_THAT(Talk(lake, {"r", "", "bid > 50"}), HasSubstr("77.0"));
  EXPECT_THAT(Talk(lake, {"partitions", "2"}), Not(HasSubstr("datetime_year=2021")));
  EXPECT_THAT(Talk(lake, {"p", ""}), HasSubstr("datetime_year=2021"));
  EXPECT_THAT(Talk(lake, {"d", "2", "1"}), HasSubstr("rows added 1, rows removed 0"));
}

TEST(LakeMenu, GoingBackWantsAYesAndShowsBothStates) {
  LakeFolder lake;
  const int64_t first = lake.Append(TickRows(0, 3));
  const int64_t second = lake.Append(TickRows(9, 1));
  const std::string refused = Talk(lake, {"b", "2", "no"});
  EXPECT_THAT(refused, HasSubstr("nothing was changed"));
  EXPECT_THAT(refused, Not(HasSubstr("--yes")));
  EXPECT_EQ(lake.Current(), second);
  RunReport report;
  const std::string text = Talk(lake, {"b", "2", "yes", "q"}, &report);
  EXPECT_THAT(text, HasSubstr("from  snapshot " + std::to_string(second)));
  EXPECT_THAT(text, HasSubstr("to    snapshot " + std::to_string(first)));
  EXPECT_EQ(report.Count("rollbacks"), 1);
  EXPECT_EQ(lake.Current(), first);
  Talk(lake, {"b", "1", "yes"}, &report);
  EXPECT_EQ(lake.Current(), second) << "forward again";
}

TEST(LakeMenu, TheStateAndTheWishesAreToldOnceAndWhenAskedFor) {
  LakeFolder lake;
  lake.Append(TickRows(0, 3));
  const auto count = [](const std::string& text, const std::string& part) {
    int found = 0;
    for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
      ++found;
    }
    return found;
  };
  const std::string plain = Talk(lake, {"s", "s", "q"});
  EXPECT_EQ(count(plain, "gold.eurusd: snapshot"), 1);
  EXPECT_EQ(count(plain, "[q] quit"), 1);
  EXPECT_EQ(count(Talk(lake, {"?", "", "help", "q"}), "[q] quit"), 4);
  for (int i = 0; i < 40; ++i) lake.Append(TickRows(10 + i, 1));
  const std::string many = Talk(lake, {"s", "q"});
  EXPECT_THAT(many, HasSubstr("... and 1 older"));
  EXPECT_THAT(many, HasSubstr("\n40 "));
  EXPECT_THAT(many, Not(HasSubstr("\n41 ")));
}

TEST(LakeMenu, NamesAStateAndGoesOnAfterMistakes) {
  LakeFolder lake;
  lake.Append(TickRows(0, 3));
  RunReport report;
  const std::string text =
      Talk(lake, {"x", "", "b", "never", "n", "", "clean", "r", "", "bid >", "q"}, &report);
  EXPECT_THAT(text, HasSubstr("no wish \"x\""));
  EXPECT_THAT(text, HasSubstr("\"never\""));
  EXPECT_THAT(text, HasSubstr("filter, column"));
  EXPECT_EQ(report.Count("tags"), 1);
  EXPECT_TRUE(lake.Metadata().refs.contains("clean"));
}

TEST(LakeMenu, TheTableIsAskedForWhereThereAreSeveral) {
  LakeFolder lake;
  lake.Append(TickRows(0, 3));
  EXPECT_THAT(Talk(lake, {"q"}, nullptr, ""), HasSubstr("gold.eurusd: snapshot"));
  auto opened = lake.Open();
  ASSERT_OK(OpenGoldTable(*opened->workspace.catalog, {{"gold"}, "gbpjpy"}, "year"));
  const std::string text = Talk(lake, {"nobody", "2", "t", "1", "q"}, nullptr, "");
  EXPECT_THAT(text, HasSubstr("nobody"));
  EXPECT_LT(text.find("gold.gbpjpy: nothing"), std::string::npos);
  EXPECT_THAT(text, HasSubstr("gold.eurusd: snapshot"));
}

}  // namespace
}  // namespace tickhouse::app
