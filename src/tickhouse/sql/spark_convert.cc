#include "tickhouse/sql/spark_convert.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <fstream>

#include "tickhouse/core/check.h"
#include "tickhouse/sql/process.h"

namespace tickhouse::sql {

namespace {

using io::CsvColumn;
using io::CsvDialect;

constexpr std::string_view kNumber = "-?[0-9]{1,15}([.][0-9]{1,9})?";
// Years that nanoseconds in 64 bits hold without a doubt.
constexpr std::string_view kYear = "(1[789]|2[01])[0-9]{2}";
constexpr std::string_view kMonthDay = "[0-9]{2}[0-9]{2}";
constexpr std::string_view kClock = "[0-9]{2}:[0-9]{2}:[0-5][0-9]([.][0-9]{1,6})?";

std::string YearFirstPattern() {
  return fmt::format("({0}{1}|{0}[.][0-9]{{2}}[.][0-9]{{2}}|{0}-[0-9]{{2}}-[0-9]{{2}})", kYear,
                     kMonthDay);
}

std::string TimePattern(const SparkSource& source) {
  switch (source.dialect) {
    case CsvDialect::kQuantDataManager:
    case CsvDialect::kTrueFx: return fmt::format("{} {}", YearFirstPattern(), kClock);
    case CsvDialect::kDukascopyWeb:
      return fmt::format("[0-9]{{2}}[.][0-9]{{2}}[.]{} {}", kYear, kClock);
    case CsvDialect::kDukascopyNode: return "[0-9]{1,13}";
    case CsvDialect::kHistData:
      return fmt::format("{}{} [0-9]{{4}}[0-5][0-9]{{4}}", kYear, kMonthDay);
    case CsvDialect::kMetaTrader5: return std::string(kClock);
    case CsvDialect::kIso:
      return fmt::format("{}-[0-9]{{2}}-[0-9]{{2}}[ T]{}(Z|[+-][0-9]{{2}}:[0-9]{{2}})?", kYear,
                         kClock);
  }
  return "";
}

// "EUR/USD" -> "EUR[/]USD"
std::string LiteralPattern(std::string_view text) {
  std::string pattern;
  for (const char c : text) {
    if (std::isalnum(static_cast<unsigned char>(c)) != 0) {
      pattern += c;
    } else {
      pattern += fmt::format("[{}]", c);
    }
  }
  return pattern;
}

std::string ColumnPattern(const SparkSource& source, CsvColumn column) {
  const char delimiter = source.columns.delimiter;
  switch (column) {
    case CsvColumn::kIgnored: return fmt::format("[^\"{}]*", delimiter);
    case CsvColumn::kTime: return TimePattern(source);
    case CsvColumn::kDate: return YearFirstPattern();
    case CsvColumn::kSymbol: return LiteralPattern(source.symbol);
    case CsvColumn::kVolume:
    case CsvColumn::kNumberOrEmpty:
      // Empty fields lean on nothing here: MetaTrader's last price and flags, and its volume.
      if (source.dialect == CsvDialect::kMetaTrader5) return fmt::format("({})?", kNumber);
      return std::string(kNumber);
    case CsvColumn::kBid:
    case CsvColumn::kAsk:
    case CsvColumn::kBidVolume:
    case CsvColumn::kAskVolume: return std::string(kNumber);
  }
  return "";
}

std::string Field(const SparkSource& source, CsvColumn column) {
  return fmt::format("f[{}]", source.columns.IndexOf(column));
}

std::string Digits(std::string_view text, int from, int count) {
  return fmt::format("int(substring({}, {}, {}))", text, from, count);
}

std::string Timestamp(std::string_view date8, std::string_view hour, std::string_view minute,
                      std::string_view second) {
  return fmt::format("make_timestamp_ntz({}, {}, {}, {}, {}, cast({} as decimal(8,6)))",
                     Digits(date8, 1, 4), Digits(date8, 5, 2), Digits(date8, 7, 2), hour, minute,
                     second);
}

// From "HH:mm:ss.f".
std::string ClockTimestamp(std::string_view date8, std::string_view clock) {
  return Timestamp(date8, Digits(clock, 1, 2), Digits(clock, 4, 2),
                   fmt::format("substring({}, 7)", clock));
}

std::string WithoutSeparators(std::string_view date) {
  return fmt::format("translate({}, '.-', '')", date);
}

// The wall clock as the row states it.
std::string LocalTime(const SparkSource& source) {
  const std::string time = Field(source, CsvColumn::kTime);
  const std::string day = fmt::format("substring_index({}, ' ', 1)", time);
  const std::string clock = fmt::format("substring_index({}, ' ', -1)", time);
  switch (source.dialect) {
    case CsvDialect::kQuantDataManager:
    case CsvDialect::kTrueFx: return ClockTimestamp(WithoutSeparators(day), clock);
    case CsvDialect::kDukascopyWeb:
      return ClockTimestamp(
          fmt::format("concat(substring({0}, 7, 4), substring({0}, 4, 2), substring({0}, 1, 2))",
                      day),
          clock);
    case CsvDialect::kDukascopyNode:
      return fmt::format(
          "timestampadd(MILLISECOND, bigint({}), TIMESTAMP_NTZ'1970-01-01 00:00:00')", time);
    case CsvDialect::kHistData:
      return Timestamp(
          day, Digits(clock, 1, 2), Digits(clock, 3, 2),
          fmt::format("concat(substring({0}, 5, 2), '.', substring({0}, 7, 3))", clock));
    case CsvDialect::kMetaTrader5:
      return ClockTimestamp(WithoutSeparators(Field(source, CsvColumn::kDate)), time);
    case CsvDialect::kIso:
      return ClockTimestamp(
          WithoutSeparators(fmt::format("substring({}, 1, 10)", time)),
          fmt::format("regexp_replace(substring({}, 12), '(Z|[+-][0-9:]+)$', '')", time));
  }
  return "";
}

int64_t OffsetSeconds(const Zone& zone) {
  return zone.ToLocalNanos(FromNanos(0)) / kNanosPerSecond;
}

std::string UtcTimestamp(const SparkSource& source) {
  const Zone zone = io::ZoneOfDialect(source.dialect).value_or(source.zone);
  std::string offset = fmt::format("{}", -OffsetSeconds(zone));
  if (source.dialect == CsvDialect::kIso) {
    const std::string time = Field(source, CsvColumn::kTime);
    offset = fmt::format(
        "CASE WHEN right({0}, 1) = 'Z' THEN 0 WHEN substring({0}, -6, 1) = '+' THEN "
        "-(int(substring({0}, -5, 2)) * 3600 + int(right({0}, 2)) * 60) WHEN substring({0}, -6, 1) "
        "= '-' THEN int(substring({0}, -5, 2)) * 3600 + int(right({0}, 2)) * 60 ELSE {1} END",
        time, offset);
  }
  return fmt::format("timestampadd(SECOND, {}, {})", offset, LocalTime(source));
}

// Zero added: "-0" is read as 0.
std::string Price(const SparkSource& source, CsvColumn column, std::string_view name) {
  return fmt::format("double({}) + 0D AS {}", Field(source, column), name);
}

std::string Volume(const SparkSource& source, CsvColumn column, std::string_view name) {
  if (source.columns.IndexOf(column) < 0) return fmt::format("double(NULL) AS {}", name);
  const std::string field = Field(source, column);
  const bool millions =
      source.dialect == CsvDialect::kDukascopyNode || source.dialect == CsvDialect::kDukascopyWeb;
  return millions ? fmt::format("double(concat({}, 'e6')) + 0D AS {}", field, name)
                  : fmt::format("double(nullif({}, '')) + 0D AS {}", field, name);
}

std::string TickColumnsSql(const SparkSource& source) {
  std::string columns = "t AS DateTime, " + Price(source, CsvColumn::kBid, "Bid") + ", " +
                        Price(source, CsvColumn::kAsk, "Ask");
  if (source.volumes.both_sides) {
    columns += ", " + Volume(source, CsvColumn::kBidVolume, "BidVolume");
    columns += ", " + Volume(source, CsvColumn::kAskVolume, "AskVolume");
  }
  if (source.volumes.single) columns += ", " + Volume(source, CsvColumn::kVolume, "Volume");
  return columns;
}

std::string ViewSql(const SparkSource& source) {
  const std::string delimiter(1, source.columns.delimiter);
  return fmt::format(
      "CREATE OR REPLACE TEMPORARY VIEW src USING text OPTIONS (path '{}', lineSep '\\n');\n"
      "CREATE OR REPLACE TEMPORARY VIEW timed AS\n"
      "SELECT id, value, f, CASE WHEN shaped THEN {} END AS t FROM (\n"
      "  SELECT id, value, line RLIKE '^{}$' AS shaped, split(line, '{}') AS f FROM (\n"
      "    SELECT monotonically_increasing_id() AS id, value,\n"
      "      CASE WHEN right(value, 1) = '\\r' THEN left(value, length(value) - 1) ELSE value END\n"
      "        AS line FROM src));\n",
      source.text, UtcTimestamp(source), PlainRowPattern(source), delimiter);
}

std::string PythonJob() {
  return "# Written by tickhouse: runs the statements beside it.\n"
         "import sys\n"
         "from pyspark.sql import SparkSession\n"
         "spark = SparkSession.builder.appName('tickhouse convert').getOrCreate()\n"
         "for statement in open(sys.argv[1]).read().split(';\\n'):\n"
         "    if statement.strip():\n"
         "        spark.sql(statement)\n"
         "spark.stop()\n";
}

Status WriteText(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary);
  file << text;
  file.close();
  if (!file) return Fail(ErrorKind::kIo, fmt::format("{}: cannot be written", path));
  return {};
}

}  // namespace

bool IsPlainForSpark(const SparkSource& source) {
  const auto is_plain = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '/' || c == '.' || c == '_';
  };
  return io::ZoneOfDialect(source.dialect).value_or(source.zone).is_fixed() &&
         std::ranges::all_of(source.symbol, is_plain) &&
         source.columns.IndexOf(CsvColumn::kTime) >= 0 &&
         // A time of day beside a day of its own is MetaTrader's form only.
         (source.columns.IndexOf(CsvColumn::kDate) >= 0) ==
             (source.dialect == CsvDialect::kMetaTrader5);
}

std::string PlainRowPattern(const SparkSource& source) {
  std::string pattern;
  for (const CsvColumn column : source.columns.columns) {
    if (!pattern.empty()) pattern += source.columns.delimiter;
    pattern += ColumnPattern(source, column);
  }
  return pattern;
}

std::string SparkConvertSql(std::span<const SparkSource> sources) {
  std::string sql;
  for (const SparkSource& source : sources) {
    sql += ViewSql(source);
    sql += fmt::format(
        "INSERT OVERWRITE DIRECTORY '{}' USING parquet\n"
        "SELECT {} FROM timed WHERE t IS NOT NULL;\n"
        "INSERT OVERWRITE DIRECTORY '{}' USING text\n"
        "SELECT concat(string(id), '\\t', value) AS value FROM timed WHERE t IS NULL;\n"
        "INSERT OVERWRITE DIRECTORY '{}' USING text\n"
        "SELECT concat(string(pid), '\\t', string(count(1))) AS value FROM (\n"
        "  SELECT spark_partition_id() AS pid FROM src) GROUP BY pid;\n",
        source.ticks, TickColumnsSql(source), source.odd, source.counts);
  }
  return sql;
}

Result<std::vector<std::string>> SparkCommand(const SparkProgram& program,
                                              const std::string& scratch) {
  if (program.submit.empty() == program.sql.empty()) {
    return Fail(ErrorKind::kInvalidArgument,
                "--engine spark needs either --spark-submit PROGRAM or --spark-sql PROGRAM");
  }
  std::vector<std::string> command = {program.submit.empty() ? program.sql : program.submit};
  if (!program.master.empty()) command.insert(command.end(), {"--master", program.master});
  const std::vector<std::string> settings = {
      // One split, one file: 500 MB of text each, never less to please idle processors.
      fmt::format("spark.sql.files.maxPartitionBytes={}", program.split_bytes),
      "spark.sql.files.minPartitionNum=1",
      "spark.hadoop.parquet.block.size=536870912",
      "spark.sql.parquet.compression.codec=zstd",
      "spark.sql.parquet.outputTimestampType=TIMESTAMP_MICROS",
      "spark.sql.parquet.datetimeRebaseModeInWrite=CORRECTED",
      "spark.sql.session.timeZone=UTC",
      // A date that does not exist is a row to refuse, not the end of the job.
      "spark.sql.ansi.enabled=false",
      "spark.sql.catalogImplementation=in-memory",
      fmt::format("spark.sql.warehouse.dir={}/warehouse", scratch),
      "spark.ui.enabled=false",
  };
  for (const std::string& setting : settings) command.insert(command.end(), {"--conf", setting});
  if (program.submit.empty()) {
    command.insert(command.end(), {"-f", scratch + "/job.sql"});
  } else {
    command.insert(command.end(), {scratch + "/job.py", scratch + "/job.sql"});
  }
  return command;
}

Status RunSparkSql(const SparkProgram& program, const std::string& scratch, const std::string& sql,
                   const CancelToken& cancel) {
  ProcessRequest request;
  TICKHOUSE_ASSIGN(request.command, SparkCommand(program, scratch));
  request.folder = scratch;
  request.environment = program.environment;
  TICKHOUSE_TRY(WriteText(scratch + "/job.sql", sql));
  TICKHOUSE_TRY(WriteText(scratch + "/job.py", PythonJob()));
  TICKHOUSE_ASSIGN(const ProcessAnswer answer, RunProcess(request, cancel));
  if (answer.exit_code == 0) return {};
  constexpr std::size_t kShown = 3000;
  const std::size_t begin = answer.output.size() > kShown ? answer.output.size() - kShown : 0;
  return Fail(ErrorKind::kUnavailable,
              fmt::format("{} ended with {}; its last words:\n{}", request.command[0],
                          answer.exit_code, answer.output.substr(begin)));
}

}  // namespace tickhouse::sql
