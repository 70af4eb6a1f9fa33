"""convert as a process: real data against an independent decoder, every dialect, packed inputs,
round trips, and runs that are killed, interrupted, doubled or out of space."""

import gzip
import json
import lzma
import os
import random
import re
import signal
import struct
import subprocess
import time
import zipfile
from datetime import datetime, timedelta, timezone
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

BIN = os.environ.get("TICKHOUSE_BIN", "build/release/bin/tickhouse")
SHARED = Path(os.environ.get("TICKHOUSE_SHARED", "../shared"))
needs_shared = pytest.mark.skipif(not (SHARED / "data").is_dir(), reason="no ../shared/data here")
EPOCH = datetime(1970, 1, 1)


def convert(*arguments, check=True):
    done = subprocess.run(
        [BIN, "convert", "-q", *map(str, arguments)], capture_output=True, text=True
    )
    if check:
        assert done.returncode == 0, done.stderr
    return done


def convert_json(*arguments):
    done = convert("--json", *arguments, check=False)
    return done.returncode, json.loads(done.stdout)


def columns(*paths):
    """Times in microseconds, bids and asks of files in the order given, read by pyarrow."""
    table = pa.concat_tables([pq.read_table(path) for path in paths])
    assert table.schema.field("DateTime").type == pa.timestamp("us")
    return (
        table["DateTime"].cast(pa.int64()).to_numpy(),
        table["Bid"].to_numpy(),
        table["Ask"].to_numpy(),
    )


def outputs(out):
    """Everything visible under OUT, by relative name; no temporary file may be left anywhere."""
    found = {}
    for path in sorted(Path(out).rglob("*")):
        assert not path.name.endswith(".tmp"), path
        if path.is_file() and ".tickhouse" not in path.parts:
            found[str(path.relative_to(out))] = path.read_bytes()
    return found


def qdm(rows, start=datetime(2021, 1, 4), seed=1, decimals=5):
    """Text of Quant Data Manager, and what is in it (time, bid, ask)."""
    rng = random.Random(seed)
    lines, values, time_ms, bid = ["DateTime,Bid,Ask,Volume\n"], [], 0, 120_000
    for _ in range(rows):
        time_ms += rng.randrange(1, 2000)
        bid += rng.randrange(-3, 4)
        ask = bid + rng.randrange(1, 9)
        moment = start + timedelta(milliseconds=time_ms)
        scale = 10**decimals
        prices = [f"{points // scale}.{points % scale:0{decimals}}" for points in (bid, ask)]
        lines.append(
            f"{moment:%Y%m%d %H:%M:%S}.{moment.microsecond // 1000:03},"
            f"{prices[0]},{prices[1]},3.37\n"
        )
        values.append((moment, float(prices[0]), float(prices[1])))
    return "".join(lines), values


def micros(moment):
    return (moment - EPOCH) // timedelta(microseconds=1)


def put(path, data):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


# --- Real data ---


def decode_bi5(path):
    raw = path.read_bytes()
    return lzma.decompress(raw, lzma.FORMAT_ALONE) if raw else b""


BI5 = np.dtype(
    [("ms", ">u4"), ("ask", ">u4"), ("bid", ">u4"), ("ask_volume", ">f4"), ("bid_volume", ">f4")]
)


def bi5_hours(symbol):
    """(hour in microseconds, unpacked bytes) of every hour in order."""
    root = SHARED / "data/dukascopy/bi5" / symbol
    for path in sorted(root.rglob("*.bi5")):
        year, month, day = map(int, path.parts[-4:-1])
        hour = datetime(year, month + 1, day, int(path.name[:2]))
        yield micros(hour), decode_bi5(path)


@pytest.mark.slow
@needs_shared
@pytest.mark.parametrize("symbol,decimals,ticks", [("GBPJPY", 3, 887_259), ("EURUSD", 5, 136_741)])
def test_real_bi5_equals_an_independent_decoder_and_packs_back(tmp_path, symbol, decimals, ticks):
    convert(SHARED / "data/dukascopy/bi5" / symbol, tmp_path, "--keep-volume")
    (path,) = tmp_path.glob("*.parquet")
    table = pq.read_table(path)
    hours = list(bi5_hours(symbol))
    records = np.concatenate([np.frombuffer(raw, BI5) for _, raw in hours])
    times = np.concatenate(
        [np.frombuffer(raw, BI5)["ms"].astype(np.int64) * 1000 + hour for hour, raw in hours]
    )
    assert table.num_rows == len(records) == ticks
    assert np.array_equal(table["DateTime"].cast(pa.int64()).to_numpy(), times)
    for name, column in (("Bid", "bid"), ("Ask", "ask")):
        assert np.array_equal(table[name].to_numpy(), records[column] / 10.0**decimals)
    for name, column in (("BidVolume", "bid_volume"), ("AskVolume", "ask_volume")):
        assert np.array_equal(table[name].to_numpy(), records[column].astype(np.float64) * 1e6)

    # And back: nothing was lost.
    back = np.empty(ticks, BI5)
    back["ms"] = (times % 3_600_000_000) // 1000
    back["bid"] = np.rint(table["Bid"].to_numpy() * 10**decimals)
    back["ask"] = np.rint(table["Ask"].to_numpy() * 10**decimals)
    back["bid_volume"] = table["BidVolume"].to_numpy() / 1e6
    back["ask_volume"] = table["AskVolume"].to_numpy() / 1e6
    assert back.tobytes() == b"".join(raw for _, raw in hours)

    # DuckDB reads the same values.
    answer = duckdb.sql(f"""select count(*), sum(epoch_us(DateTime)::hugeint), min(Bid), max(Ask),
      sum(round(Bid * {10**decimals})::bigint) from '{path}'""").fetchone()
    assert answer == (
        ticks,
        int(times.sum(dtype=object)),
        records["bid"].min() / 10**decimals,
        records["ask"].max() / 10**decimals,
        int(records["bid"].sum(dtype=np.int64)),
    )


@needs_shared
def test_real_json_hour_equals_an_independent_decoder(tmp_path):
    (source,) = (SHARED / "data/dukascopy/json").glob("ticks-*.json")
    convert(source, tmp_path, "--keep-volume")
    (path,) = tmp_path.glob("*.parquet")
    hour = json.loads(source.read_text())
    digits = round(-np.log10(hour["multiplier"]))
    table = pq.read_table(path)
    times = hour["timestamp"] + np.cumsum(hour["times"])
    assert np.array_equal(table["DateTime"].cast(pa.int64()).to_numpy(), times * 1000)
    for name, base, deltas in (("Bid", "bid", "bids"), ("Ask", "ask", "asks")):
        points = round(hour[base] * 10**digits) + np.cumsum(hour[deltas])
        assert np.array_equal(table[name].to_numpy(), points / 10.0**digits)
    assert np.array_equal(table["BidVolume"].to_numpy(), hour["bidVolumes"])
    assert np.array_equal(table["AskVolume"].to_numpy(), hour["askVolumes"])


@needs_shared
def test_real_csv_with_offsets(tmp_path):
    source = SHARED / "data/csv/truefx-usdjpy-2013-01-01.csv"
    convert(source, tmp_path, "--symbol", "USDJPY")
    rows = [line.split(",") for line in source.read_text().splitlines()[1:]]
    times, bids, asks = columns(*tmp_path.glob("*.parquet"))
    moments = [
        datetime.fromisoformat(row[0]).astimezone(timezone.utc).replace(tzinfo=None) for row in rows
    ]
    assert times.tolist() == [micros(moment) for moment in moments]
    assert bids.tolist() == [float(row[1]) for row in rows]
    assert asks.tolist() == [float(row[2]) for row in rows]


# --- Dialects ---

DIALECTS = {
    "qdm": (
        "UTCPlus02",
        "DateTime,Bid,Ask,Volume\n20210104 05:50:00.252,1.22531,1.22534,3.37\n",
        datetime(2021, 1, 4, 3, 50, 0, 252_000),
        1.22531,
        1.22534,
    ),
    "dukascopy-node": (
        "",
        "timestamp,askPrice,bidPrice,askVolume,bidVolume\n1609725000252,1.22534,1.22531,1,2\n",
        datetime(2021, 1, 4, 1, 50, 0, 252_000),
        1.22531,
        1.22534,
    ),
    "dukascopy-web": (
        "",
        "Gmt time,Ask,Bid,AskVolume,BidVolume\n04.02.2019 00:00:00.123,1.22534,1.22531,1,2\n",
        datetime(2019, 2, 4, 0, 0, 0, 123_000),
        1.22531,
        1.22534,
    ),
    "truefx": (
        "",
        "EUR/USD,20211101 19:07:40.498,1.16034,1.16037\n",
        datetime(2021, 11, 1, 19, 7, 40, 498_000),
        1.16034,
        1.16037,
    ),
    "histdata": (
        "",
        "20120201 000003660,1.306600,1.306770,0\n",
        datetime(2012, 2, 1, 5, 0, 3, 660_000),
        1.3066,
        1.30677,
    ),
    "mt5": (
        "",
        "<DATE>\t<TIME>\t<BID>\t<ASK>\t<LAST>\t<VOLUME>\t<FLAGS>\n"
        "2021.01.04\t05:50:00.252\t1.22531\t1.22534\t\t\t6\n",
        datetime(2021, 1, 4, 5, 50, 0, 252_000),
        1.22531,
        1.22534,
    ),
    "iso": (
        "",
        "time,bid,ask\n2021-01-04T05:50:00.252+01:00,1.22531,1.22534\n",
        datetime(2021, 1, 4, 4, 50, 0, 252_000),
        1.22531,
        1.22534,
    ),
}


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("forced", [False, True])
def test_every_dialect_by_its_first_lines_or_by_force(tmp_path, dialect, forced):
    zone, text, moment, bid, ask = DIALECTS[dialect]
    put(tmp_path / "raw/EURUSD" / f"x_{zone}.CSV", text)
    convert(tmp_path / "raw", tmp_path / "out", *(["--dialect", dialect] if forced else []))
    (path,) = (tmp_path / "out/EURUSD").glob("*.parquet")
    times, bids, asks = columns(path)
    assert (times.tolist(), bids.tolist(), asks.tolist()) == ([micros(moment)], [bid], [ask])
    assert pq.read_metadata(path).metadata[b"tickhouse.dialect"] == dialect.encode()


def test_source_zone_with_daylight_saving(tmp_path):
    header = "<DATE>\t<TIME>\t<BID>\t<ASK>\t<LAST>\t<VOLUME>\t<FLAGS>\n"
    rows = [
        "2021.03.28\t02:59:59.000\t1.1\t1.2\t\t\t6\n",
        "2021.03.28\t04:00:00.000\t1.1\t1.2\t\t\t6\n",
    ]
    put(tmp_path / "raw/EURUSD/x.csv", header + "".join(rows))
    convert(tmp_path / "raw", tmp_path / "out", "--source-zone", "Europe/Athens")
    times, _, _ = columns(*(tmp_path / "out/EURUSD").glob("*.parquet"))
    assert times.tolist() == [
        micros(datetime(2021, 3, 28, 0, 59, 59)),
        micros(datetime(2021, 3, 28, 1, 0, 0)),
    ]


def pack(kind, data):
    if kind == "gz":
        return gzip.compress(data[:1000]) + gzip.compress(data[1000:])
    if kind == "zst":
        return pa.compress(data, codec="zstd", asbytes=True)
    import io

    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("inside.csv", data)
    return buffer.getvalue()


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["gz", "zst", "zip"])
def test_packed_inputs_give_the_same_ticks(tmp_path, kind):
    text, values = qdm(30_000)
    put(tmp_path / "raw/EURUSD/a.csv", text)
    put(tmp_path / f"packed/EURUSD/a.csv.{kind}", pack(kind, text.encode()))
    for name in ("raw", "packed"):
        convert(tmp_path / name, tmp_path / f"{name}_out", "--chunk-size", "500kB")
    names = [path.name for path in sorted((tmp_path / "raw_out/EURUSD").glob("*.parquet"))]
    assert names == [f"a_chunk_{i:03}.parquet" for i in range(len(names))] and len(names) > 1
    for name in names:
        plain, packed = (
            columns(tmp_path / f"{kind_}_out/EURUSD/{name}") for kind_ in ("raw", "packed")
        )
        assert all(np.array_equal(a, b) for a, b in zip(plain, packed))
    assert convert_json(tmp_path / "packed", tmp_path / "packed_out")[1]["counts"]["rows"] == 30_000


@pytest.mark.parametrize("kind", ["gz", "zst", "zip"])
def test_a_damaged_archive_is_named(tmp_path, kind):
    packed = pack(kind, qdm(5000)[0].encode())
    put(tmp_path / f"raw/EURUSD/cut.csv.{kind}", packed[: len(packed) // 2])
    code, report = convert_json(tmp_path / "raw", tmp_path / "out")
    assert code == 1
    assert report["problems"][0]["item"] == f"EURUSD/cut.csv.{kind}"
    assert outputs(tmp_path / "out") == {}


@pytest.mark.parametrize("decimals", [5, 3])
def test_csv_to_parquet_to_csv_is_the_same_text(tmp_path, decimals):
    text, _ = qdm(20_000, decimals=decimals)
    put(tmp_path / "raw/EURUSD/a_UTCPlus02.csv", text)
    convert(tmp_path / "raw", tmp_path / "out", "--keep-volume")
    (path,) = (tmp_path / "out/EURUSD").glob("*.parquet")
    metadata = pq.read_metadata(path).metadata
    digits = int(metadata[b"tickhouse.decimals"])
    assert metadata[b"tickhouse.source_zone"] == b"UTC+02:00"
    times, bids, asks = columns(path)
    volumes = pq.read_table(path)["Volume"].to_pylist()
    lines = ["DateTime,Bid,Ask,Volume\n"]
    for time_us, bid, ask, volume in zip(times.tolist(), bids.tolist(), asks.tolist(), volumes):
        moment = EPOCH + timedelta(microseconds=time_us) + timedelta(hours=2)
        lines.append(
            f"{moment:%Y%m%d %H:%M:%S}.{moment.microsecond // 1000:03},"
            f"{bid:.{digits}f},{ask:.{digits}f},{volume}\n"
        )
    assert "".join(lines) == text


# --- What goes wrong ---


def test_refused_rows_exit_1_with_a_side_file_and_strict_stops(tmp_path):
    text, _ = qdm(10)
    put(
        tmp_path / "raw/EURUSD/a.csv",
        "\ufeff"
        + text.replace("\n", "\r\n")
        + "20210230 00:00:00.000,1,2,3\r\n"
        + "DateTime,Bid,Ask,Volume\r\n"
        + "20210104 00:00:00.000,1.2\x00,2,3\r\n"
        + "20210104 05:5",
    )
    code, report = convert_json(tmp_path / "raw", tmp_path / "out")
    assert code == 1
    assert report["counts"]["rows"] == 10 and report["counts"]["rejected_rows"] == 3
    (problem,) = report["problems"]
    assert problem["kind"] == "rejected-rows" and "a.rejects.csv" in problem["message"]
    side = (tmp_path / "out/EURUSD/a.rejects.csv").read_text().splitlines()
    assert side[0] == "line,reason,row"
    assert [line.split(",")[0] for line in side[1:]] == ["12", "14", "15"]
    done = convert("--strict", tmp_path / "raw", tmp_path / "strict", check=False)
    assert done.returncode == 1 and "a.csv: line 12" in done.stderr
    assert outputs(tmp_path / "strict") == {}


@pytest.mark.parametrize(
    "arguments",
    [
        ["--dialect", "excel"],
        ["--source-zone", "Mars/Olympus"],
        ["--chunk-size", "big"],
        ["--engine", "hadoop"],
        ["--nonsense"],
    ],
)
def test_wrong_usage_exits_2(tmp_path, arguments):
    put(tmp_path / "raw/EURUSD/a.csv", qdm(10)[0])
    assert convert(tmp_path / "raw", tmp_path / "out", *arguments, check=False).returncode == 2


def test_missing_input_is_told(tmp_path):
    done = convert(tmp_path / "nowhere", tmp_path / "out", check=False)
    assert done.returncode == 1 and "nowhere" in done.stderr


def test_odd_names(tmp_path):
    names = [
        "with space",
        "new\nline",
        "ünïcødé",
        "-dash",
        "quote'\"",
        "100%s",
        "[glob]*?",
        "back\\slash",
    ]
    for number, name in enumerate(names):
        put(tmp_path / "raw/EURUSD" / name / f"{name}.csv", qdm(5, seed=number)[0])
    raw_name = os.fsencode(str(tmp_path / "raw/EURUSD/")) + b"/\xff\xfe.csv"
    with open(raw_name, "wb") as file:
        file.write(qdm(5, seed=99)[0].encode())
    code, report = convert_json(tmp_path / "raw", tmp_path / "out")
    assert code == 0 and report["counts"]["converted"] == len(names) + 1
    for name in names:
        assert (tmp_path / "out/EURUSD" / name / f"{name}_chunk_000.parquet").exists()
    assert (
        convert_json(tmp_path / "raw", tmp_path / "out")[1]["counts"]["skipped"] == len(names) + 1
    )


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    """An input of several files and what an undisturbed run makes of it."""
    root = tmp_path_factory.mktemp("many")
    text, _ = qdm(60_000)
    body = text.split("\n", 1)[1]
    for symbol in ("EURUSD", "GBPJPY", "USDJPY"):
        for part in range(4):
            extra = f"20210104 00:00:00.000,1.{part}{len(symbol)},bad{symbol},1\n"
            put(root / "raw" / symbol / f"part {part}.csv", text + body * part + extra)
    options = ["--chunk-size", "3MB", "--threads", "2"]
    convert(root / "raw", root / "expected", *options, check=False)
    return root, outputs(root / "expected"), options


def start(root, out, options):
    return subprocess.Popen(
        [BIN, "convert", "-q", root / "raw", out, *options],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.slow
def test_killed_at_random_moments_a_rerun_ends_as_an_undisturbed_run(tmp_path, many):
    root, expected, options = many
    assert len(expected) > 20
    rng = random.Random(5)
    for _ in range(6):
        child = start(root, tmp_path / "out", options)
        time.sleep(rng.random() * 0.3)
        child.kill()
        child.communicate()
    assert convert(root / "raw", tmp_path / "out", *options, check=False).returncode in (0, 1)
    assert outputs(tmp_path / "out") == expected


def test_interrupted_exits_130_and_the_next_run_goes_on(tmp_path, many):
    root, expected, options = many
    out = tmp_path / "out"
    for attempt in range(20):
        child = start(root, out, options)
        while child.poll() is None and not list(out.rglob("*.parquet")):
            time.sleep(0.001)
        child.send_signal(signal.SIGINT)
        child.communicate()
        if child.returncode == 130:
            break
        # It was quicker than the signal.
        subprocess.run(["rm", "-r", out], check=True)
    assert child.returncode == 130
    code, report = convert_json(root / "raw", out, *options)
    assert outputs(out) == expected
    assert report["counts"]["converted"] + report["counts"]["skipped"] == 12


def test_two_runs_on_one_output_the_second_names_the_first(tmp_path, many):
    root, expected, options = many
    for attempt in range(20):
        out = tmp_path / f"out{attempt}"
        first = start(root, out, options)
        while first.poll() is None and not (out / ".tickhouse/convert.lock").exists():
            time.sleep(0.001)
        first.send_signal(signal.SIGSTOP)
        second = convert(root / "raw", out, *options, check=False)
        first.send_signal(signal.SIGCONT)
        first.communicate()
        # Stopped before it had the lock, or after it had ended: once more.
        if re.search(rf"another run.*\b{first.pid}\b", second.stderr):
            break
    assert second.returncode == 1
    assert re.search(rf"another run.*\b{first.pid}\b", second.stderr), second.stderr
    assert outputs(out) == expected


def test_a_full_disk_ends_the_run_and_more_room_ends_it_well(tmp_path, many):
    root, expected, options = many
    out = tmp_path / "out"
    out.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=600k", "tmpfs", out], capture_output=True
    )
    if mounted.returncode != 0:
        pytest.skip("may not mount a small tmpfs here")
    try:
        done = convert(root / "raw", out, *options, check=False)
        assert done.returncode == 1 and "space" in done.stderr
        for path in out.rglob("*.parquet"):
            pq.read_table(path)
        subprocess.run(["mount", "-o", "remount,size=64m", out], check=True)
        convert(root / "raw", out, *options, check=False)
        assert outputs(out) == expected
    finally:
        subprocess.run(["umount", out], check=True)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_no_permission_is_named(tmp_path):
    path = put(tmp_path / "raw/EURUSD/a.csv", qdm(10)[0])
    path.chmod(0)
    code, report = convert_json(tmp_path / "raw", tmp_path / "out")
    assert code == 1 and report["problems"][0]["kind"] == "permission"


@pytest.mark.slow
def test_a_growing_file_never_gives_a_cut_row(tmp_path):
    """A writer appends while we read: a moment's file is converted wholly, or it is refused."""
    path = put(tmp_path / "raw/EURUSD/a.csv", qdm(100_000)[0])
    row = b"20210109 00:00:00.000,1.20000,1.20001,1.00\n"
    child = subprocess.Popen(
        [BIN, "convert", "-q", "--json", tmp_path / "raw", tmp_path / "out"],
        stdout=subprocess.PIPE,
        text=True,
    )
    with path.open("ab", buffering=0) as file:
        while child.poll() is None:
            file.write(row[:20])
            file.write(row[20:])
    report = json.loads(child.stdout.read())
    if child.returncode == 0:
        assert report["counts"]["rejected_rows"] == 0
    else:
        assert [problem["kind"] for problem in report["problems"]] == ["conflict"]
        assert outputs(tmp_path / "out") == {}
    code, report = convert_json(tmp_path / "raw", tmp_path / "out")
    assert code == 0
    assert (
        len(columns(*(tmp_path / "out/EURUSD").glob("*.parquet"))[0])
        == path.read_bytes().count(b"\n") - 1
    )


@pytest.mark.slow
def test_twenty_thousand_small_files(tmp_path):
    for number in range(20_000):
        put(
            tmp_path / f"raw/EURUSD/{number // 500}/{number}.csv",
            f"DateTime,Bid,Ask,Volume\n20210104 00:00:00.000,1.{number:05},1.{number:05},1\n",
        )
    assert convert_json(tmp_path / "raw", tmp_path / "out")[1]["counts"]["converted"] == 20_000
    assert convert_json(tmp_path / "raw", tmp_path / "out")[1]["counts"]["skipped"] == 20_000


@pytest.mark.slow
def test_memory_stays_flat_whatever_the_size(tmp_path):
    text, _ = qdm(200_000)
    body = text.split("\n", 1)[1].encode()
    peaks = []
    for copies in (10, 100):
        path = put(tmp_path / f"raw{copies}/EURUSD/a.csv", text)
        with path.open("ab") as file:
            for _ in range(copies):
                file.write(body)
        child = subprocess.Popen(
            [
                BIN,
                "convert",
                "-q",
                "--threads",
                "2",
                "--chunk-size",
                "50MB",
                path,
                tmp_path / f"out{copies}",
            ],
            stdout=subprocess.DEVNULL,
        )
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        assert child.returncode == 0
        peaks.append(usage.ru_maxrss / 1024)
    assert peaks[1] < 350 and peaks[1] < peaks[0] + 50, peaks
