"""What every benchmark shares: run a command, take turns, print a table, remember a line.

A claim is a ratio measured in one run: contenders take turns (A B C, A B C, ...), medians are
compared, and results are checked equal before any figure is printed. Figures of different runs or
machines are not compared.
"""

import datetime
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HISTORY = ROOT / "bench" / "history.jsonl"


@dataclass
class Run:
    seconds: float
    rss_mb: float
    stdout: str
    cpu_seconds: float = 0.0


@dataclass
class Contender:
    """`command` is run as a process. `inner`: it prints its own seconds as its last word (Python
    peers, whose start and imports are not counted). `prepare` is called before each turn, outside
    the clock."""

    name: str
    command: list
    inner: bool = False
    prepare: object = None
    env: dict = None
    runs: list = field(default_factory=list)

    @property
    def seconds(self):
        return statistics.median(run.seconds for run in self.runs)

    @property
    def cpu_seconds(self):
        return statistics.median(run.cpu_seconds for run in self.runs)

    @property
    def rss_mb(self):
        return max(run.rss_mb for run in self.runs)


def binary():
    """The program under test: TICKHOUSE_BIN, or the release build."""
    path = os.environ.get("TICKHOUSE_BIN") or ROOT / "build/release/bin/tickhouse"
    if not Path(path).exists():
        sys.exit(f"bench: {path} is missing; build the release preset or set TICKHOUSE_BIN")
    return str(path)


def scratch():
    """A folder that is kept between runs: large inputs are made once."""
    path = Path(os.environ.get("TICKHOUSE_BENCH_DIR") or Path.home() / ".cache/tickhouse/bench")
    path.mkdir(parents=True, exist_ok=True)
    return path


def run(command, env=None):
    """Wall clock and peak memory (rusage of this one child) of a command that must succeed."""
    begin = time.perf_counter()
    child = subprocess.Popen(
        [str(part) for part in command], stdout=subprocess.PIPE, env={**os.environ, **(env or {})}
    )
    stdout = child.stdout.read().decode()
    _, status, usage = os.wait4(child.pid, 0)
    seconds = time.perf_counter() - begin
    child.returncode = os.waitstatus_to_exitcode(status)
    child.stdout.close()
    if child.returncode != 0:
        sys.exit(f"bench: exit code {child.returncode} of {' '.join(map(str, command))}\n{stdout}")
    return Run(seconds, usage.ru_maxrss / 1024, stdout, usage.ru_utime + usage.ru_stime)


def take_turns(contenders, rounds):
    """One warm-up turn is not counted."""
    for turn in range(rounds + 1):
        for contender in contenders:
            if contender.prepare:
                contender.prepare()
            done = run(contender.command, contender.env)
            if contender.inner:
                done.seconds = float(done.stdout.split()[-1])
            if turn > 0:
                contender.runs.append(done)


def table(title, contenders, extra=None):
    """Prints the contenders; the first is ours, the others are told as ratios to it."""
    print(f"\n{title}")
    print(f"{'':24}{'median s':>10}{'min':>8}{'max':>8}{'cpu s':>8}{'peak MB':>9}{'ratio':>8}")
    ours = contenders[0].seconds
    for contender in contenders:
        seconds = [one.seconds for one in contender.runs]
        note = (extra or {}).get(contender.name, "")
        print(
            f"{contender.name:24}{contender.seconds:10.3f}{min(seconds):8.3f}{max(seconds):8.3f}"
            f"{contender.cpu_seconds:8.2f}{contender.rss_mb:9.0f}{contender.seconds / ours:8.2f}"
            f"  {note}"
        )


def commit():
    answer = subprocess.run(
        ["git", "-C", ROOT, "rev-parse", "--short", "HEAD"], capture_output=True, text=True
    )
    return answer.stdout.strip()


def processor():
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()


def has_sha_instructions():
    """SHA-256 in hardware: 2 GB/s a thread with, 0.3 without; convert hashes what it reads."""
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("flags"):
            return "sha_ni" in line.split()
        if line.startswith("Features"):  # ARM
            return "sha2" in line.split()
    return False


def record(benchmark, figures):
    """Appends one line to bench/history.jsonl."""
    line = {
        "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d"),
        "commit": commit(),
        "machine": f"{processor()}, {len(os.sched_getaffinity(0))} processors",
        "processor": processor(),
        "sha_ni": has_sha_instructions(),
        "benchmark": benchmark,
        **figures,
    }
    with HISTORY.open("a") as file:
        file.write(json.dumps(line) + "\n")
    print(f"recorded in {HISTORY.relative_to(ROOT)}")


def ratios_to_first(contenders):
    """How many times the first contender's median the others took."""
    ours = contenders[0].seconds
    return {c.name: round(c.seconds / ours, 3) for c in contenders[1:]}


def figures_of(contenders):
    return {
        "seconds": {c.name: round(c.seconds, 4) for c in contenders},
        "cpu_seconds": {c.name: round(c.cpu_seconds, 3) for c in contenders},
        "peak_mb": {c.name: round(c.rss_mb) for c in contenders},
    }


def tick_csv(gigabytes):
    """A Quant Data Manager CSV of that size, made once: a random walk with bursts and a spread that
    changes. The same bytes every time."""
    path = scratch() / f"EURUSD_{gigabytes:g}GB_UTCPlus02.csv"
    if not path.exists():
        # In a process of its own: a child's peak memory counts what its parent had at the fork.
        make = f"import harness; harness.make_tick_csv({str(path)!r}, {gigabytes})"
        subprocess.run([sys.executable, "-c", make], cwd=ROOT / "bench", check=True)
    return path


def make_tick_csv(path, gigabytes):
    path = Path(path)
    import numpy as np
    import polars as pl

    rng = np.random.default_rng(7)
    draft = path.with_suffix(".draft")
    time_ms, price, written = 1_704_150_000_000, 110_000, 0
    with draft.open("wb") as file:
        while written < gigabytes * 1e9:
            rows = 1_000_000
            step = np.where(
                rng.random(rows) < 0.7, rng.exponential(60, rows), rng.exponential(700, rows)
            )
            times = time_ms + np.cumsum(step.astype(np.int64) + 1)
            bid = price + np.cumsum(rng.integers(-2, 3, rows))
            spread = rng.integers(1, 9, rows) + (rng.random(rows) < 0.02) * 15
            volume = rng.integers(75, 900, rows)
            frame = pl.DataFrame({"t": times, "b": bid, "a": bid + spread, "v": volume}).select(
                DateTime=pl.col("t").cast(pl.Datetime("ms")).dt.strftime("%Y%m%d %H:%M:%S%.3f"),
                Bid=pl.concat_str(
                    pl.col("b") // 100_000,
                    pl.lit("."),
                    (pl.col("b") % 100_000).cast(pl.String).str.zfill(5),
                ),
                Ask=pl.concat_str(
                    pl.col("a") // 100_000,
                    pl.lit("."),
                    (pl.col("a") % 100_000).cast(pl.String).str.zfill(5),
                ),
                Volume=pl.concat_str(
                    pl.col("v") // 100,
                    pl.lit("."),
                    (pl.col("v") % 100).cast(pl.String).str.zfill(2),
                ),
            )
            frame.write_csv(file, include_header=written == 0)
            written = file.tell()
            time_ms, price = int(times[-1]), int(np.clip(bid[-1], 90_000, 130_000))
    draft.rename(path)
