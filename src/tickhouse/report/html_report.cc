#include "tickhouse/report/html_report.h"

#include <fmt/format.h>

#include <algorithm>

#include "tickhouse/report/html_style.h"
#include "tickhouse/report/text/display_text.h"
#include "tickhouse/report/text/text_table.h"

namespace tickhouse::report {

namespace {

std::string Count(const std::optional<int64_t>& count) {
  return count ? GroupDigits(*count) : "";
}

std::string Rate(const StageLine& stage) {
  const std::optional<double> rate = stage.RowsPerSecond();
  return rate ? ShortNumber(*rate) : "";
}

std::string Cell(const std::string& text, bool right, const std::string& more_class = "") {
  std::string classes = right ? "right" : "";
  if (!more_class.empty()) classes += (classes.empty() ? "" : " ") + more_class;
  const std::string attribute = classes.empty() ? "" : fmt::format(" class=\"{}\"", classes);
  return fmt::format("<td{}>{}</td>", attribute, EscapeMarkup(text));
}

std::string HeadRow(const std::vector<PageTable::Column>& columns) {
  std::string row = "<thead><tr>";
  for (const PageTable::Column& column : columns) {
    row += fmt::format("<th scope=\"col\"{}>{}</th>", column.right ? " class=\"right\"" : "",
                       EscapeMarkup(column.title));
  }
  return row + "</tr></thead>\n";
}

std::string RenderTable(const PageTable& table) {
  std::string html = "<div class=\"card\">";
  if (table.rows.empty()) {
    return html + "<div class=\"empty\">" + EscapeMarkup(table.when_empty) + "</div></div>\n";
  }
  html += "<table>\n";
  if (!table.caption.empty()) html += "<caption>" + EscapeMarkup(table.caption) + "</caption>\n";
  html += HeadRow(table.columns) + "<tbody>\n";
  for (const auto& row : table.rows) {
    html += "<tr>";
    for (std::size_t i = 0; i < row.size(); ++i) {
      html += Cell(row[i], i < table.columns.size() && table.columns[i].right);
    }
    html += "</tr>\n";
  }
  return html + "</tbody></table></div>\n";
}

// The bar behind the seconds shows each stage's share of the whole run.
std::string RenderStage(const StageLine& stage, double total_seconds) {
  const double share = total_seconds > 0 ? 100 * stage.seconds / total_seconds : 0;
  std::string html = "<tr>" + fmt::format("<td><b>{}</b><br><span class=\"note\">{}</span></td>",
                                          EscapeMarkup(stage.name), EscapeMarkup(stage.what));
  html += Cell(Count(stage.rows_in), true) + Cell(Count(stage.rows_out), true);
  html += Cell(Count(stage.rejected), true, stage.rejected.value_or(0) > 0 ? "bad" : "");
  html += Cell(Count(stage.left_out), true);
  const bool checked = stage.rows_in && stage.rows_out;
  html += Cell(!checked         ? ""
               : stage.AddsUp() ? "✓"
                                : "does not add up",
               false, stage.AddsUp() ? "good" : "bad");
  html += fmt::format("<td class=\"right share\" style=\"--share:{:.1f}%\">{}</td>", share,
                      EscapeMarkup(ShortDuration(stage.seconds)));
  return html + Cell(Rate(stage), true) + "</tr>\n";
}

std::string RenderStages(const std::vector<StageLine>& stages) {
  double total = 0;
  for (const StageLine& stage : stages) total += stage.seconds;
  std::string html = "<div class=\"card\"><table>\n";
  html += HeadRow({{"stage"},
                   {"rows in", true},
                   {"rows out", true},
                   {"rejected", true},
                   {"left out", true},
                   {"adds up"},
                   {"time", true},
                   {"rows/s", true}});
  html += "<tbody>\n";
  for (const StageLine& stage : stages) html += RenderStage(stage, total);
  html += "</tbody></table></div>\n";
  return html +
         "<p class=\"note\">Rows in = rows out + rejected (unreadable, kept in a side file) + left "
         "out "
         "(by the rules of the stage). The bar shows the share of the time.</p>\n";
}

std::string Heading(std::size_t number, const std::string& title) {
  return fmt::format("<h2 id=\"s{}\">{}</h2>\n", number, EscapeMarkup(title));
}

std::string RenderSection(const PageSection& section, std::size_t number) {
  std::string html = Heading(number, section.title);
  if (!section.text.empty()) html += "<p>" + EscapeMarkup(section.text) + "</p>\n";
  for (const PageTable& table : section.tables) html += RenderTable(table);
  for (const Plot& plot : section.plots) {
    html += "<div class=\"card plot\">" + DrawSvg(plot) + "</div>\n";
  }
  return html;
}

std::string RenderNavigation(const HtmlReport& report) {
  std::string html = "<nav><a href=\"#s0\">Stages</a>";
  for (std::size_t i = 0; i < report.sections.size(); ++i) {
    html += fmt::format("<a href=\"#s{}\">{}</a>", i + 1, EscapeMarkup(report.sections[i].title));
  }
  return html + "</nav>\n";
}

}  // namespace

bool StageLine::AddsUp() const {
  if (!rows_in || !rows_out || !rejected || !left_out) return true;
  return *rows_in == *rows_out + *rejected + *left_out;
}

std::optional<double> StageLine::RowsPerSecond() const {
  const int64_t rows = rows_in ? *rows_in : rows_out.value_or(0);
  if (rows == 0 || !(seconds > 0)) return std::nullopt;
  return static_cast<double>(rows) / seconds;
}

std::string RenderHtml(const HtmlReport& report) {
  std::string html =
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" "
      "content=\"default-src 'none'; style-src 'unsafe-inline'\">\n";
  html += "<title>" + EscapeMarkup(report.title) + "</title>\n<style>";
  html += kHtmlStyle;
  html += "</style>\n</head>\n<body>\n<main>\n";
  html += "<h1>" + EscapeMarkup(report.title) + "</h1>\n";
  html += "<p class=\"subtitle\">" + EscapeMarkup(report.subtitle) + "</p>\n";
  html += RenderNavigation(report);
  html += "<div class=\"figures\">\n";
  for (const Figure& figure : report.figures) {
    html += fmt::format("<div class=\"figure\"><b>{}</b><span>{}</span></div>\n",
                        EscapeMarkup(figure.value), EscapeMarkup(figure.label));
  }
  html += "</div>\n" + Heading(0, "Stages") + RenderStages(report.stages);
  for (std::size_t i = 0; i < report.sections.size(); ++i) {
    html += RenderSection(report.sections[i], i + 1);
  }
  html += "<footer>" + EscapeMarkup(report.footer) + "</footer>\n</main>\n</body>\n</html>\n";
  return html;
}

std::string StageTable(const std::vector<StageLine>& stages, std::size_t width) {
  TextTable table({{"stage"},
                   {"rows in", true},
                   {"rows out", true},
                   {"rejected", true},
                   {"left out", true},
                   {"time", true},
                   {"rows/s", true}});
  for (const StageLine& stage : stages) {
    table.AddRow({stage.name, Count(stage.rows_in), Count(stage.rows_out), Count(stage.rejected),
                  Count(stage.left_out), ShortDuration(stage.seconds), Rate(stage)});
  }
  return table.ToString(width);
}

}  // namespace tickhouse::report
