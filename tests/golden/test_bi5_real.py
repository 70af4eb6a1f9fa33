"""The real bi5 archive, decoded independently with Python's lzma and struct.

bi5_real.txt holds, for each of the 504 files, the ticks and the CRC-32 of the records as stored. This test makes
it again from the files; the C++ test Bi5RealData holds the product's decoder against the same lines, field by
field. So both decoders agree on every field of every tick.
"""
import csv
import json
import lzma
import os
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent / "integration"))
from feed_server import FeedServer  # noqa: E402

BIN = os.environ.get("TICKHOUSE_BIN", "")
ROOT = Path(os.environ.get("TICKHOUSE_SHARED", "")) / "data/dukascopy/bi5"
GOLDEN = Path(__file__).parent / "bi5_real.txt"
pytestmark = [pytest.mark.slow, pytest.mark.skipif(not ROOT.is_dir(), reason="no shared data beside the checkout")]


def stored_records(path):
    packed = path.read_bytes()
    plain = lzma.decompress(packed, lzma.FORMAT_ALONE) if packed else b""
    records = list(struct.iter_unpack(">IIIff", plain))
    assert b"".join(struct.pack(">IIIff", *record) for record in records) == plain
    return records, plain


def golden_lines():
    for path in sorted(ROOT.rglob("*.bi5")):
        records, plain = stored_records(path)
        yield f"{path.relative_to(ROOT)} {len(records)} {zlib.crc32(plain):08x}"


def test_the_independent_decoder_gives_the_golden_lines():
    lines = list(golden_lines())
    assert len(lines) == 504
    ticks = {symbol: sum(int(line.split()[1]) for line in lines if line.startswith(symbol))
             for symbol in ("GBPJPY", "EURUSD")}
    assert ticks == {"GBPJPY": 887_259, "EURUSD": 136_741}
    assert lines == GOLDEN.read_text().splitlines()


@pytest.mark.skipif(not BIN, reason="TICKHOUSE_BIN names no program")
@pytest.mark.parametrize("symbol, begin, end, ticks", [("GBPJPY", "2012-12-01", "2012-12-21", 887_259),
                                                       ("EURUSD", "2019-02-04", "2019-02-05", 136_741)])
def test_the_archive_through_fetch(tmp_path, symbol, begin, end, ticks):
    feed = FeedServer()
    try:
        for path in ROOT.rglob("*.bi5"):
            feed.answers["/" + str(path.relative_to(ROOT))] = (200, {}, path.read_bytes())
        done = subprocess.run([BIN, "fetch", symbol, "--from", begin, "--to", end, "--feed", "bi5", "--root", feed.root,
                               "--out", str(tmp_path), "--ask-closed", "--json"], capture_output=True, text=True,
                              env={**os.environ, "no_proxy": "127.0.0.1"}, timeout=600)
    finally:
        feed.close()
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["counts"]["ticks"] == ticks
    assert json.loads(done.stdout)["counts"]["hours_corrupt"] == 0
    with open(tmp_path / symbol / ".fetch/manifest.csv", newline="") as file:
        recorded = {row["file"]: int(row["ticks"]) for row in csv.DictReader(file)}
    for path in (ROOT / symbol).rglob("*.bi5"):
        name = str(path.relative_to(ROOT))
        assert (tmp_path / name).read_bytes() == path.read_bytes()
        assert recorded[name] == len(stored_records(path)[0])
