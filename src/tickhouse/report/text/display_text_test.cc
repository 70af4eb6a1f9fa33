#include "tickhouse/report/text/display_text.h"

#include "tickhouse/core/testing.h"

namespace tickhouse::report {
namespace {

TEST(ToUtf8Test, KeepsWhatIsValidAndShowsTheBytesThatAreNot) {
  EXPECT_EQ(ToUtf8("Größe 報告 😀"), "Größe 報告 😀");
  EXPECT_EQ(ToUtf8("a\xff"
                   "b\xc3"),
            "a\\xffb\\xc3");
  EXPECT_EQ(ToUtf8("\xc0\xaf"), "\\xc0\\xaf") << "an overlong form";
  EXPECT_EQ(ToUtf8("\xed\xa0\x80"), "\\xed\\xa0\\x80") << "a surrogate";
  EXPECT_EQ(ToUtf8("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80") << "past the end of Unicode";
  EXPECT_EQ(ToUtf8("\xe5\xa0"), "\\xe5\\xa0") << "cut";
}

TEST(OneLineTest, ControlCharactersCannotReachATerminal) {
  EXPECT_EQ(OneLine("a\nb\tc\x1b[31m"), "a\\nb\\tc\\x1b[31m");
  EXPECT_EQ(OneLine("x\xe2\x80\xaey"), "x\\xe2\\x80\\xaey") << "a direction override";
}

TEST(EscapeMarkupTest, LeavesNothingThatMarkupWouldRead) {
  EXPECT_EQ(EscapeMarkup("<script>\"a\" & 'b'</script>"),
            "&lt;script&gt;&quot;a&quot; &amp; &#39;b&#39;&lt;/script&gt;");
  EXPECT_EQ(EscapeMarkup(std::string_view("\0\x07", 2)), "\\x00\\x07");
  EXPECT_EQ(EscapeMarkup("a\xfe"), "a\\xfe");
}

TEST(DisplayWidthTest, CountsWideAndCombiningCharacters) {
  EXPECT_EQ(DisplayWidth("abc"), 3u);
  EXPECT_EQ(DisplayWidth("報告"), 4u);
  EXPECT_EQ(DisplayWidth("e\xcc\x81"), 1u);
}

TEST(ShortenTest, KeepsBothEnds) {
  EXPECT_EQ(Shorten("abcdef", 6), "abcdef");
  EXPECT_EQ(Shorten("abcdefgh", 5), "ab…gh");
  EXPECT_EQ(Shorten("abcdefgh", 1), "…");
  EXPECT_LE(DisplayWidth(Shorten("報告報告報告", 6)), 6u);
}

TEST(NumbersTest, ReadAsPeopleWriteThem) {
  EXPECT_EQ(GroupDigits(0), "0");
  EXPECT_EQ(GroupDigits(999), "999");
  EXPECT_EQ(GroupDigits(1234567), "1,234,567");
  EXPECT_EQ(GroupDigits(-1234), "-1,234");
  EXPECT_EQ(ShortNumber(950), "950");
  EXPECT_EQ(ShortNumber(999.7), "1k");
  EXPECT_EQ(ShortNumber(12345), "12.3k");
  EXPECT_EQ(ShortNumber(4.5e6), "4.5M");
  EXPECT_EQ(PlainNumber(0.00002), "0.00002");
  EXPECT_EQ(PlainNumber(1.5), "1.5");
  EXPECT_EQ(PlainNumber(0), "0");
  EXPECT_EQ(PlainNumber(123456.789), "123457");
  EXPECT_EQ(ShortBytes(812), "812 B");
  EXPECT_EQ(ShortBytes(3'400'000'000), "3.4 GB");
}

TEST(ShortDurationTest, PicksTheUnit) {
  EXPECT_EQ(ShortDuration(0.0000042), "4.2 µs");
  EXPECT_EQ(ShortDuration(0.00312), "3.1 ms");
  EXPECT_EQ(ShortDuration(2.345), "2.3 s");
  EXPECT_EQ(ShortDuration(95), "1 min 35 s");
  EXPECT_EQ(ShortDuration(60), "1 min");
  EXPECT_EQ(ShortDuration(3599.6), "1 h");
  EXPECT_EQ(ShortDuration(7260), "2 h 1 min");
  EXPECT_EQ(ShortDuration(90 * 3600), "3 d 18 h");
}

}  // namespace
}  // namespace tickhouse::report
