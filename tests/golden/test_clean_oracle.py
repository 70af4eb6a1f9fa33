"""`clean` against pandas, every row bit for bit, on generated and on real ticks.

The oracle is written from the contract (docs/guides/clean.md), not from the program: windows by
zoneinfo, order and overlap by sorting and counting, bars by plain loops.
"""

import datetime as dt
import lzma
import os
import struct
import subprocess
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

BIN = os.environ.get("TICKHOUSE_BIN")
SHARED = Path(os.environ.get("TICKHOUSE_SHARED", "/nonexistent"))
SECOND = 1_000_000  # microseconds
DEFAULT = [("07:50", "08:00"), ("13:50", "14:00")]

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not BIN, reason="TICKHOUSE_BIN names no program")]


def clean(source, out, *options, code=0):
    done = subprocess.run(
        [BIN, "clean", str(source), str(out), *options], capture_output=True, text=True
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done


def write(path, frame, **options):
    """A foreign file: times in microseconds since 1970, as pyarrow writes it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    table = pa.table(
        {
            "DateTime": pa.array(frame["t"].to_numpy(), pa.timestamp("us")),
            "Bid": pa.array(frame["bid"].to_numpy(), pa.float64(), from_pandas=True),
            "Ask": pa.array(frame["ask"].to_numpy(), pa.float64(), from_pandas=True),
        }
    )
    pq.write_table(table, path, **options)


def read(path):
    table = pq.read_table(path)
    return pd.DataFrame(
        {
            "t": table["DateTime"].cast(pa.int64()).to_numpy(),
            "bid": table["Bid"].to_numpy(),
            "ask": table["Ask"].to_numpy(),
        }
    )


# --- the oracle


EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.timezone.utc)


def instant(day, text, zone):
    """Microseconds UTC of a wall-clock reading; twice there: the first; never there: the instant at
    which the clock jumps over it."""
    hours, minutes = (int(part) for part in text.split(":"))
    days, hours = divmod(hours, 24)
    wall = dt.datetime(day.year, day.month, day.day, hours, minutes) + dt.timedelta(days=days)
    utc = wall.replace(tzinfo=zone).astimezone(dt.timezone.utc)
    if utc.astimezone(zone).replace(tzinfo=None) != wall:
        early = wall.replace(tzinfo=zone, fold=1).astimezone(dt.timezone.utc)
        before = early.astimezone(zone).utcoffset()
        while (utc - early) > dt.timedelta(seconds=1):
            middle = early + (utc - early) // 2
            middle = middle.replace(microsecond=0)
            if middle.astimezone(zone).utcoffset() == before:
                early = middle
            else:
                utc = middle
    return int((utc - EPOCH) / dt.timedelta(microseconds=1))


def inside(times, windows, zone):
    keep = np.zeros(len(times), bool)
    if not len(times):
        return keep
    utc = dt.datetime(1970, 1, 1) + dt.timedelta(microseconds=int(times.min()))
    last = dt.datetime(1970, 1, 1) + dt.timedelta(microseconds=int(times.max()))
    day = utc.date() - dt.timedelta(days=2)
    while day <= last.date() + dt.timedelta(days=2):
        for begin, end in windows:
            until = day if end > begin else day + dt.timedelta(days=1)
            keep |= (times >= instant(day, begin, zone)) & (times < instant(until, end, zone))
        day += dt.timedelta(days=1)
    return keep


def usable(frame, windows, zone):
    frame = frame[np.isfinite(frame["bid"]) & np.isfinite(frame["ask"])]
    if windows is not None:
        frame = frame[inside(frame["t"].to_numpy(), windows, zone)]
    return frame


def merged(files, windows, zone):
    """Each tick as often as in the file that has it most often; at one instant by file, row."""
    ranked = sorted(files, key=lambda f: (f["t"].min(), f["t"].max(), len(f)))
    parts = []
    for rank, frame in enumerate(ranked):
        frame = usable(frame, windows, zone).sort_values("t", kind="stable").reset_index(drop=True)
        nth = frame.groupby(["t", "bid", "ask"]).cumcount()
        parts.append(frame.assign(rank=rank, row=np.arange(len(frame)), nth=nth))
    every = pd.concat(parts, ignore_index=True).sort_values(["t", "rank", "row"])
    return every.drop_duplicates(["t", "bid", "ask", "nth"])[["t", "bid", "ask"]]


def firsts(ticks):
    second = np.floor_divide(ticks["t"].to_numpy(), SECOND)
    return ticks[~pd.Series(second).duplicated().to_numpy()].reset_index(drop=True)


def bars(ticks):
    rows = []
    second = np.floor_divide(ticks["t"].to_numpy(), SECOND)
    bids, asks = ticks["bid"].to_numpy(), ticks["ask"].to_numpy()
    begin = 0
    while begin < len(second):
        end = begin
        while end < len(second) and second[end] == second[begin]:
            end += 1
        bid, ask = bids[begin:end], asks[begin:end]
        mid = (bid + ask) / 2
        total = 0.0
        for spread in ask - bid:
            total += float(spread)
        row = {"t": int(second[begin]) * SECOND}
        for name, price in (("Bid", bid), ("Ask", ask), ("Mid", mid)):
            row |= {
                f"{name}Open": price[0],
                f"{name}High": price.max(),
                f"{name}Low": price.min(),
                f"{name}Close": price[-1],
            }
        rows.append(row | {"MeanSpread": total / (end - begin), "Ticks": end - begin})
        begin = end
    return pd.DataFrame(rows)


def same(ours, expected):
    assert len(ours) == len(expected)
    for column in ("t", "bid", "ask"):
        assert np.array_equal(ours[column].to_numpy(), expected[column].to_numpy()), column


# --- inputs


def micros(text):
    return int(pd.Timestamp(text).value // 1000)


def market(seed, begin, rows, mean_ms=400):
    rng = np.random.default_rng(seed)
    step = rng.exponential(mean_ms, rows).astype(np.int64) * 1000
    step[rng.random(rows) < 0.1] = 0
    bid = np.round(1.2 + np.cumsum(rng.integers(-3, 4, rows)) / 1e5, 5)
    ask = np.round(bid + rng.integers(0, 12, rows) / 1e5, 5)
    return pd.DataFrame({"t": micros(begin) + np.cumsum(step), "bid": bid, "ask": ask})


CASES = {
    "default windows, UTC": ("2021-01-04T07:30", DEFAULT, "UTC"),
    "fixed offset": ("2021-01-04T05:30", DEFAULT, "UTC+2"),
    "US clocks go forward": ("2021-03-14T06:30", [("01:30", "03:30")], "America/New_York"),
    "US clocks go back": (
        "2021-11-07T04:30",
        [("01:10", "01:50"), ("02:00", "02:10")],
        "America/New_York",
    ),
    "EU clocks go forward": ("2021-03-28T00:00", [("01:50", "03:10")], "Europe/Berlin"),
    "EU clocks go back": (
        "2021-10-31T00:00",
        [("02:10", "02:50"), ("02:50", "03:10")],
        "Europe/Berlin",
    ),
    "between US and EU change": ("2021-03-15T07:30", [("08:50", "09:00")], "Europe/Berlin"),
    "a window that the change skips": ("2021-03-28T00:30", [("02:10", "02:20")], "Europe/Berlin"),
    "over midnight": ("2021-01-04T22:30", [("23:30", "00:30")], "UTC"),
    "29 February": ("2020-02-29T22:30", [("23:30", "00:30"), ("22:45", "23:00")], "UTC"),
    "before 1970": ("1969-12-31T23:00", [("23:20", "23:40"), ("23:50", "00:10")], "UTC"),
    "adjacent windows": ("2021-01-04T07:30", [("07:50", "08:00"), ("08:00", "08:10")], "UTC"),
    "nothing inside": ("2021-01-04T20:00", DEFAULT, "UTC"),
    "whole day": ("2021-01-04T20:00", None, "UTC"),
}


def options_of(windows, zone):
    text = "all" if windows is None else ",".join("-".join(window) for window in windows)
    return ["--windows", text, "--zone", zone]


def zone_of(name):
    if name.startswith("UTC+"):
        return dt.timezone(dt.timedelta(hours=int(name[4:])))
    return ZoneInfo(name)


@pytest.mark.parametrize("case", CASES)
def test_one_file(tmp_path, case):
    begin, windows, zone = CASES[case]
    ticks = market(1, begin, 30_000)
    write(tmp_path / "in/EURUSD/a.parquet", ticks, row_group_size=4_000)
    clean(tmp_path / "in", tmp_path / "out", *options_of(windows, zone))
    expected = firsts(merged([ticks], windows, zone_of(zone)))
    same(read(tmp_path / "out/EURUSD/EURUSD.parquet"), expected)


def cuts(ticks, seed):
    """Overlapping exports of one market, some out of order, with holes, extras and lost values."""
    rng = np.random.default_rng(seed)
    files = []
    for number in range(5):
        begin = int(rng.integers(0, len(ticks) - 2_000))
        end = begin + int(rng.integers(1_000, len(ticks) - begin))
        part = ticks.iloc[begin:end].copy().reset_index(drop=True)
        if number == 1:
            part = part.drop(part.index[rng.integers(0, len(part), 200)]).reset_index(drop=True)
        if number == 2:
            at = rng.integers(0, len(part), 300)
            part = pd.concat([part, part.iloc[at]]).sort_values("t", kind="stable")
        if number == 3:
            part.loc[rng.integers(0, len(part), 100), "bid"] = np.nan
            part.loc[rng.integers(0, len(part), 100), "ask"] = np.inf
        if number == 4:
            order = np.arange(len(part)) + rng.integers(-50, 50, len(part))
            part = part.iloc[np.argsort(order, kind="stable")]
        files.append(part.reset_index(drop=True))
    return files


@pytest.mark.parametrize("seed", range(3))
def test_overlapping_exports(tmp_path, seed):
    files = cuts(market(seed, "2021-03-26T06:00", 40_000), seed)
    for number, part in enumerate(files):
        write(tmp_path / f"in/GBPJPY/{number}.parquet", part, row_group_size=3_000)
    for windows, zone in (
        (None, "UTC"),
        (DEFAULT, "Europe/Berlin"),
        ([("00:00", "24:00")], "UTC+2"),
    ):
        out = tmp_path / f"out {zone} {windows is None}"
        clean(tmp_path / "in", out, *options_of(windows, zone))
        expected = firsts(merged(files, windows, zone_of(zone)))
        same(read(out / "GBPJPY/GBPJPY.parquet"), expected)


def test_bars_of_overlapping_exports(tmp_path):
    files = cuts(market(5, "2021-01-04T06:00", 20_000), 5)
    for number, part in enumerate(files):
        write(tmp_path / f"in/GBPJPY/{number}.parquet", part, row_group_size=3_000)
    clean(tmp_path / "in", tmp_path / "out", "--windows", "all", "--bars")
    table = pq.read_table(tmp_path / "out/GBPJPY/GBPJPY_bars.parquet")
    expected = bars(merged(files, None, dt.timezone.utc))
    assert np.array_equal(table["DateTime"].cast(pa.int64()).to_numpy(), expected["t"].to_numpy())
    for column in expected.columns[1:]:
        assert np.array_equal(table[column].to_numpy(), expected[column].to_numpy()), column


def test_file_without_statistics(tmp_path):
    ticks = market(6, "2021-01-04T07:00", 20_000)
    path = tmp_path / "in/EURUSD/a.parquet"
    write(path, ticks, row_group_size=3_000, write_statistics=False)
    clean(tmp_path / "in", tmp_path / "out")
    expected = firsts(merged([ticks], DEFAULT, dt.timezone.utc))
    same(read(tmp_path / "out/EURUSD/EURUSD.parquet"), expected)


def bi5_hours(symbol, digits):
    frames = []
    for path in sorted((SHARED / "data/dukascopy/bi5" / symbol).rglob("*.bi5")):
        year, month, day = (int(part) for part in path.parts[-4:-1])
        hour = dt.datetime(year, month + 1, day, int(path.name[:2]), tzinfo=dt.timezone.utc)
        packed = path.read_bytes()
        raw = lzma.decompress(packed) if packed else b""
        rows = np.array(list(struct.iter_unpack(">IIIff", raw))).reshape(-1, 5)
        frames.append(
            pd.DataFrame(
                {
                    "t": int(hour.timestamp()) * SECOND + rows[:, 0].astype(np.int64) * 1000,
                    "bid": rows[:, 2] / 10.0**digits,
                    "ask": rows[:, 1] / 10.0**digits,
                }
            )
        )
    return pd.concat(frames, ignore_index=True)


@pytest.mark.skipif(not (SHARED / "data/dukascopy/bi5").exists(), reason="no real data here")
@pytest.mark.parametrize("symbol,digits", [("GBPJPY", 3), ("EURUSD", 5)])
def test_real_ticks(tmp_path, symbol, digits):
    ticks = bi5_hours(symbol, digits)
    half = len(ticks) // 2
    files = [ticks.iloc[: half + 5_000], ticks.iloc[half:]]
    for number, part in enumerate(files):
        write(tmp_path / f"in/{symbol}/{number}.parquet", part)
    for windows, zone in ((DEFAULT, "Europe/London"), (None, "UTC")):
        out = tmp_path / zone.replace("/", "-")
        clean(tmp_path / "in", out, *options_of(windows, zone))
        expected = firsts(merged(files, windows, zone_of(zone)))
        assert len(expected) > 100
        same(read(out / symbol / f"{symbol}.parquet"), expected)
