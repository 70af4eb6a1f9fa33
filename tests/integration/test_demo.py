"""demo as a process: the page opens and tells every stage, and the rows add up."""

import html.parser
import json
import os
import shutil
import subprocess
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from pyiceberg.catalog.sql import SqlCatalog

BIN = os.environ.get("TICKHOUSE_BIN")
SHARED = Path(os.environ.get("TICKHOUSE_SHARED", "/nonexistent"))

pytestmark = pytest.mark.skipif(not BIN, reason="TICKHOUSE_BIN names no program")


STAGES = [
    "generate", "convert", "scan", "clean", "stats",
    "migrate", "next day", "query", "time travel", "rollback",
]


class Page(html.parser.HTMLParser):
    """Checks that tags close in order, and keeps what a reader and a browser would care for."""

    VOID = {"meta", "br", "rect", "line", "polyline", "circle", "img", "link"}

    def __init__(self, text):
        super().__init__()
        self.open, self.headings, self.cells, self.loads = [], [], [], []
        self.plots = 0
        self.feed(text)
        self.close()
        assert self.open == [], self.open

    def handle_starttag(self, tag, attributes):
        self.plots += tag == "svg"
        self.loads += [v for k, v in attributes if k in ("src", "href") and not v.startswith("#")]
        if tag in ("script", "link", "img", "iframe"):
            self.loads.append(tag)
        if tag not in self.VOID or (tag == "rect" and "rect" not in self.open):
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        pass

    def handle_endtag(self, tag):
        while self.open and self.open[-1] != tag and self.open[-1] in self.VOID:
            self.open.pop()
        assert self.open and self.open.pop() == tag, tag

    def handle_data(self, text):
        if self.open and self.open[-1] == "h2":
            self.headings.append(text)
        if self.open and self.open[-1] in ("td", "b"):
            self.cells.append(text)


def demo(*arguments, code=0):
    done = subprocess.run(
        [BIN, "-q", "--json", "demo", *map(str, arguments)], capture_output=True, text=True
    )
    assert done.returncode == code, done.stdout + done.stderr
    return json.loads(done.stdout)


def empty_folders(root):
    return [path for path in root.rglob("*") if path.is_dir() and not any(path.iterdir())]


def stages(document):
    return {stage["stage"]: stage for stage in document["stages"]}


def check_sums(document, out):
    by_name = stages(document)
    convert, clean = by_name["convert"], by_name["clean"]
    for stage in (convert, clean):
        assert stage["rows_in"] == stage["rows_out"] + stage["rejected"] + stage["left_out"]
    assert convert["rows_out"] == by_name["scan"]["rows_in"] == clean["rows_in"]
    assert by_name["stats"]["rows_in"] == by_name["scan"]["rows_in"]
    written = sum(pq.read_metadata(path).num_rows for path in (out / "clean").rglob("*.parquet"))
    assert written == clean["rows_out"]


def test_generated_ticks_end_in_a_page_that_tells_every_stage(tmp_path):
    out = tmp_path / "out"
    document = demo("--out", out, "--days", 3)
    assert document["problems"] == []
    by_name = stages(document)
    assert list(by_name) == STAGES
    assert by_name["generate"]["rows_out"] == by_name["convert"]["rows_in"] > 100_000
    check_sums(document, out)
    assert document["outputs"][0] == str(out / "report.html")
    for path in document["outputs"]:
        assert Path(path).stat().st_size > 0, path

    page = Page((out / "report.html").read_text(encoding="utf-8"))
    assert page.loads == []
    assert page.plots == 12, "four plots a symbol"
    for heading in ("Stages", "Input", "Findings", "Checks", "Lakehouse", "EURUSD", "USDJPY",
                    "XAUUSD", "Files"):
        assert heading in page.headings
    for stage in by_name:
        assert stage in page.cells
    assert f"{by_name['convert']['rows_out']:,}" in page.cells
    assert "differs" not in page.cells
    assert not (out / "raw").exists() and not (out / "parquet").exists(), "removed without --keep"
    assert empty_folders(out) == []


@pytest.mark.slow
def test_the_text_is_a_table_of_stages_and_says_where_the_page_lies(tmp_path):
    done = subprocess.run([BIN, "-q", "demo", "--out", tmp_path / "out", "--days", "1", "--keep"],
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].split()[:3] == ["stage", "rows", "in"]
    for line, stage in zip(lines[2:12], STAGES, strict=True):
        assert line.startswith(stage + " ")
    assert lines[-3].startswith(f"lakehouse: {tmp_path / 'out' / 'lakehouse'}, ")
    assert lines[-1] == f"report: {tmp_path / 'out' / 'report.html'}"
    assert len(list((tmp_path / "out" / "raw").rglob("*.csv"))) == 3, "kept"
    assert empty_folders(tmp_path / "out") == []


def test_it_ends_in_a_lakehouse_that_the_commands_and_pyiceberg_read(tmp_path):
    out = tmp_path / "out"
    document = demo("--out", out, "--days", 3)
    by_name = stages(document)
    clean = by_name["clean"]["rows_out"]
    first, second = by_name["migrate"]["rows_out"], by_name["next day"]["rows_out"]
    assert first > 0 and second > 0 and first + second == clean
    assert by_name["query"]["rows_in"] == clean and by_name["time travel"]["rows_in"] == first
    lakehouse = document["lakehouse"]
    assert lakehouse["snapshots"] == {f"gold.{name}": 2 for name in ("eurusd", "usdjpy", "xauusd")}
    moved = lakehouse["rollback"]
    assert moved["before"] == moved["forward_again"] > moved["rolled_back"] > 0

    page = Page((out / "report.html").read_text(encoding="utf-8"))
    for text in (f"{moved['rolled_back']:,}", "first-load", "rolled back", "forward again"):
        assert text in page.cells
    assert not (out / "incoming").exists()

    def sql(*words):
        statement = "select count(*) as n from gold.eurusd"
        done = subprocess.run([BIN, "-q", "--json", "sql", statement, *words], cwd=out,
                              capture_output=True, text=True, check=True)
        return json.loads(done.stdout)["rows"][0]["n"]

    assert sql() == moved["before"] and sql("--at", "first-load") == moved["rolled_back"]
    catalog = SqlCatalog("catalog-dw", uri=f"sqlite:///{out / 'lakehouse' / 'catalog.db'}")
    theirs = catalog.load_table("gold.eurusd").scan().to_arrow().sort_by("datetime")
    ours = pq.read_table(out / "clean" / "EURUSD" / "EURUSD.parquet")
    for their_name, our_name in (("datetime", "DateTime"), ("bid", "Bid"), ("ask", "Ask")):
        assert theirs[their_name].to_pylist() == ours[our_name].to_pylist()


@pytest.mark.slow
def test_a_second_run_replaces_the_first_and_gives_the_same(tmp_path):
    out = tmp_path / "out"
    first = demo("--out", out, "--days", 2)
    before = {path.name: path.read_bytes() for path in (out / "stats").iterdir()}
    second = demo("--out", out, "--days", 2)
    assert {path.name: path.read_bytes() for path in (out / "stats").iterdir()} == before
    for one, two in zip(first["stages"], second["stages"]):
        one.pop("seconds"), two.pop("seconds")
        assert one == two
    assert first["lakehouse"] == second["lakehouse"]


@pytest.mark.slow
def test_a_run_that_was_stopped_goes_on(tmp_path):
    out = tmp_path / "out"
    demo("--out", out, "--days", 2, "--keep")
    (out / "report.html").unlink()
    shutil.rmtree(out / "clean")
    document = demo("--out", out, "--days", 2)
    assert document["problems"] == []
    check_sums(document, out)


def test_a_folder_of_something_else_is_not_touched(tmp_path):
    (tmp_path / "mine.txt").write_text("keep me")
    document = demo("--out", tmp_path, code=2)
    assert "something else" in document["error"]["message"]
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_results_may_not_lie_in_the_input(tmp_path):
    (tmp_path / "EURUSD").mkdir()
    demo(tmp_path, "--out", tmp_path / "out", code=2)


def test_rejected_rows_are_counted_and_named(tmp_path):
    folder = tmp_path / "raw" / "EURUSD"
    folder.mkdir(parents=True)
    lines = ["DateTime,Bid,Ask,Volume"]
    for i in range(600):
        lines.append(f"20240108 07:5{i // 60 % 10}:{i % 60:02}.000,1.1,1.10002,1")
    lines[100] = "20240108 07:51:00.000,,1.2,1"
    lines[200] = "nonsense"
    (folder / "a_UTCPlus02.csv").write_text("\n".join(lines) + "\n")
    out = tmp_path / "out"
    document = demo(tmp_path / "raw", "--out", out, "--zone", "UTC+2", code=1)
    convert = stages(document)["convert"]
    assert (convert["rows_in"], convert["rows_out"], convert["rejected"]) == (600, 598, 2)
    check_sums(document, out)
    page = (out / "report.html").read_text(encoding="utf-8")
    assert "rejected-rows" in page
    assert document["lakehouse"]["ticks"] == stages(document)["clean"]["rows_out"]


@pytest.mark.slow
@pytest.mark.skipif(not (SHARED / "data").is_dir(), reason="no ../shared/data here")
def test_real_ticks(tmp_path):
    out = tmp_path / "out"
    document = demo(SHARED / "data/dukascopy/bi5", "--out", out)
    assert stages(document)["convert"]["rows_out"] == 887_259 + 136_741
    check_sums(document, out)
    Page((out / "report.html").read_text(encoding="utf-8"))
