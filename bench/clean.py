"""Cleaning: tickhouse against Polars, DuckDB and, with --all, pyarrow and pandas; two threads each.

    python bench/clean.py [--gigabytes 1] [--rounds 5] [--record] [--all] [--only windows,day,bars]

Everybody reads the same two Parquet files (made once by `tickhouse convert`), writes Parquet with
zstd level 1, and gives the same rows: the first tick of each second in two windows, the same of
the whole day, or one-second bars of the whole day. Of tickhouse the whole process is timed, of the
peers what follows their imports. DuckDB gets its quick forms (arg_min; first and last), which
break ties within one time, and the order within a second, at will; so its opens, closes and first
prices are left out of the check. The right forms cost it more.

Bars (issue 3): two windows 3 times Polars, 5 times DuckDB, 200 MB; whole day 2 times Polars, 4
times DuckDB, 300 MB.
"""

import argparse
import shutil
import subprocess
import sys

import harness

PREAMBLE = """
import os, sys, time
os.environ["POLARS_MAX_THREADS"] = "2"
source, target = sys.argv[1:3]
"""
POLARS = PREAMBLE + """
import datetime as dt
import polars as pl
begin = time.perf_counter()
ticks = pl.scan_parquet(source + "/*.parquet")
when = pl.col("DateTime")
if {windows}:
    clock = when.dt.time()
    ticks = ticks.filter(((clock >= dt.time(7, 50)) & (clock < dt.time(8)))
                         | ((clock >= dt.time(13, 50)) & (clock < dt.time(14))))
{work}
print(time.perf_counter() - begin)
"""
# The rows are sorted, so a first row is one whose second differs from the row before.
POLARS_FIRSTS = """
second = when.dt.epoch("s")
(ticks.filter(second.ne_missing(second.shift()))
 .sink_parquet(target, compression="zstd", compression_level=1))
"""
POLARS_BARS = """
def ohlc(name, price):
    return [price.first().alias(name + "Open"), price.max().alias(name + "High"),
            price.min().alias(name + "Low"), price.last().alias(name + "Close")]
bid, ask = pl.col("Bid"), pl.col("Ask")
(ticks.set_sorted("DateTime").group_by_dynamic("DateTime", every="1s")
 .agg(*ohlc("Bid", bid), *ohlc("Ask", ask), *ohlc("Mid", (bid + ask) / 2),
      (ask - bid).mean().alias("MeanSpread"), pl.len().cast(pl.Int64).alias("Ticks"))
 .sink_parquet(target, compression="zstd", compression_level=1))
"""
DUCKDB = PREAMBLE + """
import duckdb
db = duckdb.connect(config={{"threads": 2}})
begin = time.perf_counter()
where = '''where (DateTime::time >= time '07:50' and DateTime::time < time '08:00')
            or (DateTime::time >= time '13:50' and DateTime::time < time '14:00')'''
if not {windows}:
    where = ""
db.execute(f'''copy ({work})
  to '{{target}}' (format parquet, compression zstd, compression_level 1)''')
print(time.perf_counter() - begin)
"""
DUCKDB_FIRSTS = """select min(DateTime) as DateTime, arg_min(Bid, DateTime) as Bid,
  arg_min(Ask, DateTime) as Ask from read_parquet('{source}/*.parquet') {where}
  group by epoch_us(DateTime) // 1000000 order by DateTime"""


def duckdb_ohlc(name, price):
    return f"""first({price}) as {name}Open, max({price}) as {name}High, min({price}) as {name}Low,
      last({price}) as {name}Close"""


DUCKDB_BARS = f"""select make_timestamp(epoch_us(DateTime) // 1000000 * 1000000) as DateTime,
  {duckdb_ohlc("Bid", "Bid")}, {duckdb_ohlc("Ask", "Ask")}, {duckdb_ohlc("Mid", "(Bid + Ask) / 2")},
  avg(Ask - Bid) as MeanSpread, count(*) as Ticks
  from read_parquet('{{source}}/*.parquet') {{where}}
  group by epoch_us(DateTime) // 1000000 order by 1"""
PYARROW = PREAMBLE + """
import numpy as np, pyarrow as pa, pyarrow.parquet as pq
pa.set_cpu_count(2)
begin = time.perf_counter()
ticks = pq.read_table(source)
us = ticks["DateTime"].cast(pa.int64()).to_numpy()
keep = np.ones(len(us), bool)
if {windows}:
    clock = us // 60000000 % 1440
    keep = ((clock >= 470) & (clock < 480)) | ((clock >= 830) & (clock < 840))
second = us // 1000000
rows = np.flatnonzero(keep)
rows = rows[np.concatenate([[True], np.diff(second[rows]) != 0])]
pq.write_table(ticks.take(pa.array(rows)), target, compression="zstd", compression_level=1)
print(time.perf_counter() - begin)
"""
PANDAS = PREAMBLE + """
import pandas as pd
begin = time.perf_counter()
ticks = pd.read_parquet(source).set_index("DateTime")
if {windows}:
    ticks = pd.concat([ticks.between_time("07:50", "08:00", inclusive="left"),
                       ticks.between_time("13:50", "14:00", inclusive="left")]).sort_index()
ticks = ticks[~ticks.index.floor("s").duplicated()]
ticks.reset_index().to_parquet(target, compression="zstd")
print(time.perf_counter() - begin)
"""
CHECK_TICKS = """select count(*), sum(epoch_us(DateTime)::hugeint), min(DateTime), max(DateTime)
  from read_parquet('{}')"""
CHECK_BARS = """select count(*), sum(epoch_us(DateTime)::hugeint), sum(Ticks)::bigint,
  sum(round(AskHigh * 1e5)::hugeint), sum(round(BidLow * 1e5)::hugeint), round(sum(MeanSpread), 6)
  from read_parquet('{}')"""
CLOSES = """select sum(round(BidOpen * 1e5)::hugeint), sum(round(MidClose * 2e5)::hugeint)
  from read_parquet('{}')"""
PRICES = """select sum(round(Bid * 1e5)::hugeint), sum(round(Ask * 1e5)::hugeint)
  from read_parquet('{}')"""
WORK = {
    "windows": ("clean, two windows", True, False),
    "day": ("clean, whole day", False, False),
    "bars": ("one-second bars, whole day", False, True),
}


def inputs(gigabytes):
    """Two files of half of the rows each, converted once for each version of the program."""
    source = harness.tick_csv(gigabytes)
    folder = harness.scratch() / f"clean-input-{gigabytes:g}" / harness.commit()
    if not folder.exists():
        shutil.rmtree(folder.parent, ignore_errors=True)
        half = f"{source.stat().st_size // 2 + 1000}"
        draft = folder.parent / "draft"
        subprocess.run(
            [harness.binary(), "convert", source, draft, "--symbol", "EURUSD", "--chunk-size", half,
             "--threads", "2", "-q"],
            check=True,
            stdout=subprocess.DEVNULL,
        )
        shutil.rmtree(draft / ".tickhouse", ignore_errors=True)
        draft.rename(folder)
    assert len(list(folder.glob("*.parquet"))) == 2
    return folder


def contenders(work, source, target, every):
    _, windows, bars = WORK[work]
    ours = [harness.binary(), "clean", source, target / "ours", "--threads", "2", "-q", "--symbol",
            "EURUSD"]
    ours += [] if windows else ["--windows", "all"]
    ours += ["--bars"] if bars else []
    name = "EURUSD_bars.parquet" if bars else "EURUSD.parquet"
    paths = {"tickhouse": target / "ours/EURUSD" / name}
    found = [harness.Contender("tickhouse", ours)]
    programs = {
        "polars": POLARS.format(windows=windows, work=POLARS_BARS if bars else POLARS_FIRSTS),
        "duckdb": DUCKDB.format(windows=windows, work=DUCKDB_BARS if bars else DUCKDB_FIRSTS),
    }
    if every and not bars:
        programs["pyarrow"] = PYARROW.format(windows=windows)
        programs["pandas"] = PANDAS.format(windows=windows)
    for name, program in programs.items():
        paths[name] = target / f"{name}.parquet"
        command = [sys.executable, "-c", program, source, paths[name]]
        found.append(harness.Contender(name, command, inner=True))
    return found, paths


def check(paths, bars):
    """Everybody's rows are the same: counts, times, prices."""
    import duckdb

    first = None
    for name, path in paths.items():
        answer = duckdb.execute((CHECK_BARS if bars else CHECK_TICKS).format(path)).fetchone()
        if name != "duckdb":
            answer += duckdb.execute((CLOSES if bars else PRICES).format(path)).fetchone()
        first = first or answer
        if answer != first[: len(answer)]:
            sys.exit(f"bench: {name} has other rows: {answer}, expected {first}")
    return first[0]


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--gigabytes", type=float, default=1.0)
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--only", default="windows,day,bars")
    arguments.add_argument("--all", action="store_true", help="pyarrow and pandas as well")
    arguments.add_argument("--record", action="store_true")
    wanted = arguments.parse_args()

    source = inputs(wanted.gigabytes)
    target = harness.scratch() / "clean"
    for work in wanted.only.split(","):
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir()
        taking_part, paths = contenders(work, source, target, wanted.all)
        harness.take_turns(taking_part, wanted.rounds)
        title, _, bars = WORK[work]
        rows = check(paths, bars)
        harness.table(f"{title}: {rows:,} rows out, the same of everybody", taking_part)
        if wanted.record:
            harness.record(f"clean-{work}", harness.figures_of(taking_part))


if __name__ == "__main__":
    main()
