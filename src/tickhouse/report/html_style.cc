#include "tickhouse/report/html_style.h"

namespace tickhouse::report {

const std::string_view kHtmlStyle = R"css(
:root {
  color-scheme: light dark;
  --page: #f6f8fa; --card: #ffffff; --text: #1f2933; --muted: #5a6775; --line: #e1e6eb;
  --accent: #0072b2; --bad: #b84300; --good: #00734f; --bar: #d7e8f4;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #12171c; --card: #1a2129; --text: #e6ebf0; --muted: #9fb0c0; --line: #2c3641;
    --accent: #56b4e9; --bad: #f08a4b; --good: #4cc79a; --bar: #1f3a4d;
  }
  .th-fill-background { fill: #1a2129; } .th-fill-text { fill: #e6ebf0; }
  .th-fill-muted { fill: #9fb0c0; } .th-stroke-muted { stroke: #9fb0c0; }
  .th-stroke-grid { stroke: #2c3641; } .th-fill-grid { fill: #2c3641; }
  .th-stroke-axis { stroke: #5d6b79; }
  .th-fill-missing { fill-opacity: .28; }
  .th-fill-series0 { fill: #4aa8e0; } .th-stroke-series0 { stroke: #4aa8e0; }
  .th-fill-series2 { fill: #2fbf93; } .th-stroke-series2 { stroke: #2fbf93; }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--page); color: var(--text); line-height: 1.5;
  font: 15px/1.5 Inter, "Segoe UI", "Helvetica Neue", Arial, "Liberation Sans", "DejaVu Sans",
    sans-serif;
}
main { max-width: 1200px; margin: 0 auto; padding: 32px 24px 48px; }
h1 { font-size: 28px; line-height: 1.2; margin: 0 0 4px; letter-spacing: -.01em; }
h2 { font-size: 19px; margin: 40px 0 12px; }
p { margin: 0 0 12px; max-width: 80ch; }
.subtitle, .note, footer { color: var(--muted); }
nav { margin: 14px 0 0; font-size: 14px; }
nav a { color: var(--accent); text-decoration: none; margin-right: 18px; }
nav a:hover { text-decoration: underline; }
.figures {
  display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: 12px;
  margin: 24px 0 0;
}
.figure {
  background: var(--card); border: 1px solid var(--line); border-radius: 8px;
  padding: 14px 16px;
}
.figure b {
  display: block; font-size: 23px; font-weight: 600; font-variant-numeric: tabular-nums;
  overflow-wrap: anywhere;
}
.figure span { color: var(--muted); font-size: 13px; }
.card {
  background: var(--card); border: 1px solid var(--line); border-radius: 8px; margin: 0 0 16px;
  overflow-x: auto;
}
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
caption { text-align: left; font-weight: 600; padding: 12px 16px 4px; }
th { font-weight: 600; font-size: 13px; color: var(--muted); text-align: left; }
th, td { padding: 8px 16px; border-bottom: 1px solid var(--line); vertical-align: top; }
tbody tr:last-child td { border-bottom: 0; }
td { overflow-wrap: anywhere; }
.right { text-align: right; white-space: nowrap; overflow-wrap: normal; }
.bad { color: var(--bad); } .good { color: var(--good); }
.share {
  background: linear-gradient(var(--bar), var(--bar)) no-repeat 0 50% / var(--share) 70%;
  min-width: 120px;
}
.plot { padding: 0; }
.plot svg { display: block; width: 100%; height: auto; min-width: 640px; }
.empty { padding: 14px 16px; color: var(--muted); }
footer { margin-top: 40px; font-size: 13px; }
@media print {
  body { background: #fff; }
  .card, .figure { break-inside: avoid; }
  nav { display: none; }
}
)css";

}  // namespace tickhouse::report
