"""Scan of 1,000 tick files: tickhouse against pyarrow, by statistics and by full decode, two threads.

    python bench/scan.py [--files 1000] [--rows 20000] [--rounds 5] [--record] [--writer pyarrow]

Bars (issue 3): 1.5 times pyarrow by statistics, twice in depth. The seconds of both sides leave out
the start of the process; the line "process" has them. In depth tickhouse also judges order,
duplicates, prices and gaps and checks checksums; pyarrow decodes the three columns and counts nulls.
CPU seconds hold on a busy machine too: those of pyarrow leave out start and imports, ours do not.
"""

import argparse
import json
import shutil
import statistics
import sys

import harness

PREAMBLE = """
import concurrent.futures, glob, json, sys, time
import pyarrow as pa, pyarrow.parquet as pq
import pyarrow.compute as pc
pa.set_cpu_count(2)
paths = sorted(glob.glob(sys.argv[1] + "/**/*.parquet", recursive=True))
pool = concurrent.futures.ThreadPoolExecutor(int(sys.argv[2]))
"""
STATISTICS = PREAMBLE + """
def judge(path):
    footer = pq.read_metadata(path)
    nulls, low, high = [0, 0, 0], None, None
    for i in range(footer.num_row_groups):
        group = footer.row_group(i)
        for j in range(3):
            statistics = group.column(j).statistics
            nulls[j] += statistics.null_count
            if j == 0:
                low = statistics.min if low is None else min(low, statistics.min)
                high = statistics.max if high is None else max(high, statistics.max)
    return footer.num_rows, sum(nulls), low, high
begin, cpu = time.perf_counter(), time.process_time()
rows, nulls, low, high = zip(*pool.map(judge, paths))
seconds, cpu = time.perf_counter() - begin, time.process_time() - cpu
print(json.dumps([len(paths), sum(rows), sum(nulls)]))
print(cpu)
print(seconds)
"""
DECODE = PREAMBLE + """
def judge(path):
    table = pq.read_table(path, columns=["DateTime", "Bid", "Ask"], use_threads=len(sys.argv) > 3)
    return table.num_rows, sum(column.null_count for column in table.columns)
begin, cpu = time.perf_counter(), time.process_time()
rows, nulls = zip(*pool.map(judge, paths))
seconds, cpu = time.perf_counter() - begin, time.process_time() - cpu
print(json.dumps([len(paths), sum(rows), sum(nulls)]))
print(cpu)
print(seconds)
"""


def make_files(files, rows, writer):
    """Files as a Python pipeline leaves them (pyarrow, zstd), or as `tickhouse convert` does."""
    folder = harness.scratch() / f"scan_{writer}_{files}x{rows}"
    if folder.exists():
        return folder
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    draft = folder.with_suffix(".draft")
    shutil.rmtree(draft, ignore_errors=True)
    rng = np.random.default_rng(11)
    time_us, price = 1_704_150_000_000_000, 110_000
    for i in range(files):
        times = time_us + np.cumsum(rng.integers(1, 400, rows)) * 1_000
        bid = price + np.cumsum(rng.integers(-2, 3, rows))
        ask = bid + rng.integers(1, 9, rows)
        path = draft / f"S{i % 10:02}" / f"part_{i:05}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        table = pa.table(
            {"DateTime": pa.array(times, pa.timestamp("us")), "Bid": bid / 1e5, "Ask": ask / 1e5}
        )
        pq.write_table(table, path, compression="zstd")
        time_us, price = int(times[-1]), int(np.clip(bid[-1], 90_000, 130_000))
    if writer == "tickhouse":
        rewrite(draft)
    draft.rename(folder)
    return folder


def rewrite(folder):
    """The same rows, written by tickhouse from CSV."""
    import pandas as pd

    text, out = folder.with_suffix(".csv"), folder.with_suffix(".out")
    for path in sorted(folder.rglob("*.parquet")):
        frame = pd.read_parquet(path)
        frame["DateTime"] = frame["DateTime"].dt.strftime("%Y%m%d %H:%M:%S.%f").str[:-3]
        frame["Volume"] = 1
        target = text / path.relative_to(folder).with_suffix(".csv")
        target.parent.mkdir(parents=True, exist_ok=True)
        frame.to_csv(target, index=False, float_format="%.5f")
    harness.run([harness.binary(), "-q", "convert", text, out])
    shutil.rmtree(folder)
    shutil.rmtree(text)
    out.rename(folder)


def contenders_for(folder, deep):
    ours = [harness.binary(), "-q", "--json", "--threads", "2", "scan", folder]
    script = DECODE if deep else STATISTICS
    python = [sys.executable, "-c", script, folder]
    return [
        harness.Contender("tickhouse", ours + (["--deep"] if deep else [])),
        harness.Contender("pyarrow, 2 files at once", python + ["2"], inner=True),
        harness.Contender("pyarrow, 1 file at once", python + ["1"] + ["threads"] * deep, inner=True),
    ]


def measure(folder, deep, rounds):
    contenders = contenders_for(folder, deep)
    harness.take_turns(contenders, rounds)
    ours = contenders[0]
    process = harness.Contender("tickhouse, process", ours.command)
    process.runs = [harness.Run(one.seconds, one.rss_mb, "", one.cpu_seconds) for one in ours.runs]
    answers = set()
    for one in ours.runs:
        report = json.loads(one.stdout)
        counts = report["counts"]
        nulls = sum(counts[f"{name}_nulls"] for name in ("DateTime", "Bid", "Ask"))
        answers.add((counts["files"], counts["rows"], nulls))
        one.seconds = report["durations_s"]["total"]
    for contender in contenders[1:]:
        for one in contender.runs:
            answer, cpu_s, _ = one.stdout.splitlines()
            answers.add(tuple(json.loads(answer)))
            one.cpu_seconds = float(cpu_s)
    if len(answers) != 1:
        sys.exit(f"bench: the answers differ: {answers}")
    files, rows, _ = answers.pop()
    what = "every page" if deep else "statistics"
    contenders.append(process)
    harness.table(
        f"scan {files:,} files, {rows:,} rows, {what}, 2 threads",
        contenders,
        {one.name: f"{cpu_of(one):.3f} CPU s" for one in contenders},
    )
    return contenders


def cpu_of(contender):
    return statistics.median(one.cpu_seconds for one in contender.runs)


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--files", type=int, default=1_000)
    arguments.add_argument("--rows", type=int, default=20_000)
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--writer", choices=("pyarrow", "tickhouse"), default="pyarrow")
    arguments.add_argument("--record", action="store_true")
    wanted = arguments.parse_args()
    folder = make_files(wanted.files, wanted.rows, wanted.writer)
    for deep in (False, True):
        contenders = measure(folder, deep, wanted.rounds)
        if wanted.record:
            name = "scan --deep" if deep else "scan"
            figures = harness.figures_of(contenders)
            figures["cpu_s"] = {one.name: round(cpu_of(one), 4) for one in contenders}
            harness.record(name, {"files": wanted.files, "writer": wanted.writer, **figures})


if __name__ == "__main__":
    main()
