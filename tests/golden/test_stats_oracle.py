"""`stats` against pandas on made-up, generated and real ticks: every count, spread and volatility.

The oracle is written from docs/guides/stats.md, not from the program.
"""

import os
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

BIN = os.environ.get("TICKHOUSE_BIN")
SHARED = Path(os.environ.get("TICKHOUSE_SHARED", "/nonexistent"))
WINDOWS = "07:50-08:00,13:50-14:00"

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not BIN, reason="TICKHOUSE_BIN names no program")]


def tickhouse(*arguments, code=0):
    done = subprocess.run([BIN, "-q", *map(str, arguments)], capture_output=True, text=True)
    assert done.returncode == code, done.stdout + done.stderr
    return done


def write(path, frame):
    path.parent.mkdir(parents=True, exist_ok=True)
    table = pa.table(
        {
            "DateTime": pa.array(frame["t"].to_numpy(), pa.timestamp("us")),
            "Bid": pa.array(frame["bid"].to_numpy(), pa.float64(), from_pandas=True),
            "Ask": pa.array(frame["ask"].to_numpy(), pa.float64(), from_pandas=True),
        }
    )
    pq.write_table(table, path)


def walk(seed, begin, days, rows, decimals):
    """Ticks at random times of `days` days, sorted, on the price grid; some at one time."""
    rng = np.random.default_rng(seed)
    times = np.sort(rng.integers(0, days * 86_400_000, rows)) * 1_000
    times[rng.integers(1, rows, rows // 50)] = times[rng.integers(0, rows - 1, rows // 50)]
    times.sort()
    points = 10**decimals
    bid = int(1.1 * points) + np.cumsum(rng.integers(-3, 4, rows))
    ask = bid + rng.integers(-1, 12, rows)
    start = int(pd.Timestamp(begin).value // 1_000)
    return pd.DataFrame({"t": start + times, "bid": bid / points, "ask": ask / points})


def zone_name(zone):
    return {"UTC+2": "Etc/GMT-2", "UTC-03:00": "Etc/GMT+3"}.get(zone, zone)


def oracle(frame, zone, windows, decimals):
    frame = frame.sort_values("t", kind="stable")
    utc = pd.to_datetime(frame["t"], unit="us", utc=True)
    local = utc.dt.tz_convert(zone_name(zone))
    day = local.dt.strftime("%Y-%m-%d")
    minute = local.dt.hour * 60 + local.dt.minute
    counts = pd.DataFrame({"date": sorted(day.unique())}).set_index("date")
    for i, window in enumerate(windows.split(","), 1):
        begin, end = (int(x[:2]) * 60 + int(x[3:]) for x in window.split("-"))
        inside = day[(minute >= begin) & (minute < end)]
        counts[f"ticks_window{i}"] = inside.value_counts()
    counts = counts.fillna(0).astype(int).reset_index()

    spread = (frame["ask"] - frame["bid"]).mul(10**decimals).round().div(10**decimals)
    by_day = spread.groupby(day)
    spreads = pd.DataFrame(
        {
            "ticks": day.value_counts(),
            "mean_spread": by_day.mean(),
            "median_spread": by_day.median(),
            "p95_spread": by_day.quantile(0.95),
        }
    ).sort_index()

    mid = (frame["bid"] + frame["ask"]) / 2
    samples = mid.groupby([day, utc.dt.floor("5min")]).last()
    returns = np.log(samples).groupby(level=0).diff()
    volatility = returns.pow(2).groupby(level=0).sum(min_count=1).pow(0.5)
    hours = frame.groupby([day, local.dt.hour]).size()
    return counts, spreads, volatility, hours


def compare(out, symbol, frame, zone, windows, decimals):
    counts, spreads, volatility, hours = oracle(frame, zone, windows, decimals)
    got = pd.read_csv(out / f"{symbol}_daily_window_counts.csv")
    assert list(got.columns) == list(counts.columns)
    pd.testing.assert_frame_equal(got, counts, check_dtype=False)

    got = pd.read_csv(out / f"{symbol}_spread.csv").set_index("date")
    assert list(got.index) == list(spreads.index)
    assert (got["ticks"].to_numpy() == spreads["ticks"].to_numpy()).all()
    for column in ("mean_spread", "median_spread", "p95_spread"):
        np.testing.assert_allclose(
            got[column], spreads[column], rtol=1e-9, atol=1e-12, err_msg=column
        )

    got = pd.read_csv(out / f"{symbol}_volatility.csv").set_index("date")["realised_volatility"]
    np.testing.assert_allclose(got, volatility, rtol=1e-9, equal_nan=True)

    got = pd.read_csv(out / f"{symbol}_ticks_per_hour.csv").set_index(["date", "hour"])["ticks"]
    assert len(got) == 24 * len(counts)
    assert got[got > 0].to_dict() == hours.to_dict()
    for name in ("daily_window_counts", "spread", "volatility", "ticks_per_hour"):
        assert (out / f"{symbol}_{name}.svg").read_text().startswith("<svg ")
        png = (out / f"{symbol}_{name}.png").read_bytes()
        assert png.startswith(b"\x89PNG") and len(png) > 5_000


@pytest.mark.parametrize("zone", ["UTC", "UTC+2", "America/New_York", "Europe/Berlin"])
def test_counts_over_a_change_of_clocks(tmp_path, zone):
    frame = walk(3, "2024-03-06", 30, 60_000, 5)
    write(tmp_path / "in" / "EURUSD" / "a.parquet", frame)
    tickhouse("stats", tmp_path / "in", tmp_path / "out", "--zone", zone)
    compare(tmp_path / "out", "EURUSD", frame, zone, WINDOWS, 5)


def test_windows_of_the_user_and_autumn(tmp_path):
    windows = "00:00-02:30,09:00-17:00,23:00-24:00"
    frame = walk(4, "2024-10-20", 20, 40_000, 3)
    write(tmp_path / "in" / "USDJPY" / "a.parquet", frame)
    zone = "America/New_York"
    tickhouse("stats", tmp_path / "in", tmp_path / "out", "--zone", zone, "--windows", windows)
    compare(tmp_path / "out", "USDJPY", frame, zone, windows, 3)


def test_files_in_any_order_and_any_number_of_threads(tmp_path):
    frame = walk(5, "2024-01-08", 12, 50_000, 5)
    for i, part in enumerate(np.array_split(np.arange(len(frame)), 7)):
        write(tmp_path / "in" / "EURUSD" / f"{9 - i}.parquet", frame.iloc[part])
    for threads in (1, 5):
        tickhouse("--threads", threads, "stats", tmp_path / "in", tmp_path / f"out{threads}")
        compare(tmp_path / f"out{threads}", "EURUSD", frame, "UTC", WINDOWS, 5)
    for path in (tmp_path / "out1").iterdir():
        assert path.read_bytes() == (tmp_path / "out5" / path.name).read_bytes(), path.name


def test_generated_ticks(tmp_path):
    tickhouse("generate", "--symbol", "EURUSD,XAUUSD", "--days", 8, "--rows", 40_000,
              "--out", tmp_path / "raw")
    tickhouse("convert", tmp_path / "raw", tmp_path / "in")
    tickhouse("stats", tmp_path / "in", tmp_path / "out", "--zone", "UTC+2")
    for symbol, decimals in (("EURUSD", 5), ("XAUUSD", 3)):
        compare(tmp_path / "out", symbol, read(tmp_path / "in" / symbol), "UTC+2", WINDOWS, decimals)


def read(folder):
    table = pa.concat_tables(pq.read_table(path) for path in sorted(folder.rglob("*.parquet")))
    return pd.DataFrame(
        {
            "t": table["DateTime"].cast(pa.int64()).to_numpy(),
            "bid": table["Bid"].to_numpy(),
            "ask": table["Ask"].to_numpy(),
        }
    )


@pytest.mark.skipif(not (SHARED / "data").is_dir(), reason="no ../shared/data here")
def test_real_ticks(tmp_path):
    tickhouse("convert", SHARED / "data/dukascopy/bi5", tmp_path / "in")
    for zone in ("UTC+2", "America/New_York"):
        out = tmp_path / zone.replace("/", "_")
        tickhouse("stats", tmp_path / "in", out, "--zone", zone)
        for symbol, decimals in (("GBPJPY", 3), ("EURUSD", 5)):
            compare(out, symbol, read(tmp_path / "in" / symbol), zone, WINDOWS, decimals)
