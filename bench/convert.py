"""CSV to Parquet: tickhouse against DuckDB, Polars and pyarrow, two threads each, zstd level 1.

    python bench/convert.py [--gigabytes 1] [--rounds 5] [--record] [--without pyarrow]

Bars (issue 3): 3.5 times DuckDB, 3.5 times Polars, 6 times pyarrow, a file of at most 0.9 of
DuckDB's, 350 MB.

Our files name their source by its SHA-256 (docs/reference/formats-on-disk.md), so tickhouse hashes
what it reads. The peers run twice: as they are ("duckdb"), and with hashlib.sha256 over the source
in a thread beside ("duckdb + sha256"), which is the same work. Both ratios are printed and recorded,
`ratio_plain` and `ratio_equal_work`.
"""

import argparse
import os
import shutil
import sys

import harness

# With a third argument the source is hashed beside the conversion: hashlib lets other threads run.
PREAMBLE = """
import hashlib, sys, threading, time
source, target = sys.argv[1:3]
digest = hashlib.sha256()
def hash_source():
    with open(source, "rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
hasher = threading.Thread(target=hash_source)
"""
BEGIN = """
begin = time.perf_counter()
if len(sys.argv) > 3:
    hasher.start()
"""
END = """
if len(sys.argv) > 3:
    hasher.join()
print(digest.hexdigest(), time.perf_counter() - begin)
"""
DUCKDB = PREAMBLE + """
import duckdb
db = duckdb.connect(config={"threads": 2})
""" + BEGIN + """
db.execute(f'''copy (
  select DateTime - interval 2 hour as DateTime, Bid, Ask from read_csv('{source}', header=true,
    columns={{'DateTime': 'TIMESTAMP', 'Bid': 'DOUBLE', 'Ask': 'DOUBLE', 'Volume': 'DOUBLE'}},
    timestampformat='%Y%m%d %H:%M:%S.%g'))
  to '{target}' (format parquet, compression zstd, compression_level 1, row_group_size 1048576)''')
""" + END
POLARS = PREAMBLE + """
import os
os.environ["POLARS_MAX_THREADS"] = "2"
import polars as pl
""" + BEGIN + """
schema = {"DateTime": pl.String, "Bid": pl.Float64, "Ask": pl.Float64, "Volume": pl.Float64}
time_us = pl.col("DateTime").str.to_datetime("%Y%m%d %H:%M:%S%.3f", time_unit="us")
(pl.scan_csv(source, schema=schema)
 .select(time_us - pl.duration(hours=2), "Bid", "Ask")
 .sink_parquet(target, compression="zstd", compression_level=1, row_group_size=1048576))
""" + END
# Its parser knows no such time: the text is taken apart by kernels.
PYARROW = PREAMBLE + """
import pyarrow as pa, pyarrow.compute as pc, pyarrow.csv as csv, pyarrow.parquet as pq
pa.set_cpu_count(2)
""" + BEGIN + """
schema = pa.schema([("DateTime", pa.timestamp("us")), ("Bid", pa.float64()), ("Ask", pa.float64())])
reader = csv.open_csv(source, read_options=csv.ReadOptions(block_size=32 << 20),
    convert_options=csv.ConvertOptions(include_columns=["DateTime", "Bid", "Ask"], column_types={
        "DateTime": pa.string(), "Bid": pa.float64(), "Ask": pa.float64()}))
with pq.ParquetWriter(target, schema, compression="zstd", compression_level=1) as writer:
    for batch in reader:
        text = batch.column(0)
        iso = pc.binary_join_element_wise(pc.utf8_slice_codeunits(text, 0, 4),
            pc.utf8_slice_codeunits(text, 4, 6), pc.utf8_slice_codeunits(text, 6), "-")
        shift = pa.scalar(7_200_000_000, pa.duration("us"))
        times = pc.subtract(pc.cast(iso, pa.timestamp("us")), shift)
        columns = [times, batch.column(1), batch.column(2)]
        writer.write_batch(pa.record_batch(columns, schema=schema))
""" + END
HASHED = " + sha256"
CHECK = """select count(*), sum(epoch_us(DateTime)::hugeint), sum(round(Bid * 1e5)::hugeint),
  sum(round(Ask * 1e5)::hugeint), min(DateTime), max(DateTime),
  bit_xor(hash(DateTime, Bid, Ask)) from read_parquet('{}')"""


def check_digests(hashed, ours):
    """What the peers hashed is what our file says of its source."""
    import pyarrow.parquet as pq

    metadata = pq.read_metadata(ours).metadata
    named = {value.decode() for key, value in metadata.items() if b"sha256" in key}
    for contender in hashed[1:]:
        digest = contender.runs[-1].stdout.split()[-2]
        if named != {digest}:
            sys.exit(f"bench: {contender.name} hashed to {digest}, our file says {named}")


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--gigabytes", type=float, default=1.0)
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--without", default="", help="peers to leave out, separated by commas")
    arguments.add_argument("--record", action="store_true")
    wanted = arguments.parse_args()

    source = harness.tick_csv(wanted.gigabytes)
    work = harness.scratch() / "convert"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    ours = work / "tickhouse"

    def fresh():
        shutil.rmtree(ours, ignore_errors=True)

    contenders = [
        harness.Contender(
            "tickhouse",
            [
                harness.binary(),
                "-q",
                "--threads",
                "2",
                "convert",
                source,
                ours,
                "--chunk-size",
                "100GB",
            ],
            prepare=fresh,
        )
    ]
    for name, script in (("duckdb", DUCKDB), ("polars", POLARS), ("pyarrow", PYARROW)):
        if name in wanted.without.split(","):
            continue
        for hashed in ([], ["hashed"]):
            contenders.append(
                harness.Contender(
                    name + HASHED if hashed else name,
                    [sys.executable, "-c", script, source, work / f"{name}.parquet", *hashed],
                    inner=True,
                    env={"POLARS_MAX_THREADS": "2"},
                )
            )
    harness.take_turns(contenders, wanted.rounds)

    import duckdb

    files = {"tickhouse": next(ours.glob("*.parquet"))}
    plain = [c for c in contenders if not c.name.endswith(HASHED)]
    hashed = [contenders[0], *(c for c in contenders if c.name.endswith(HASHED))]
    files.update({c.name: work / f"{c.name}.parquet" for c in plain[1:]})
    check_digests(hashed, files["tickhouse"])
    answers = {name: duckdb.sql(CHECK.format(path)).fetchone() for name, path in files.items()}
    if len(set(answers.values())) != 1:
        sys.exit(f"bench: the results differ: {answers}")
    sizes = {name: os.path.getsize(path) for name, path in files.items()}
    rows = answers["tickhouse"][0]
    harness.table(
        f"convert {source.stat().st_size / 1e9:.2f} GB, {rows:,} rows, 2 threads",
        contenders,
        {name: f"{size / 1e6:.1f} MB" for name, size in sizes.items()},
    )
    if "duckdb" in sizes:
        print(f"file / DuckDB's: {sizes['tickhouse'] / sizes['duckdb']:.3f}")
    if wanted.record:
        harness.record(
            "convert",
            {
                "rows": rows,
                "gigabytes": wanted.gigabytes,
                **harness.figures_of(contenders),
                "ratio_plain": harness.ratios_to_first(plain),
                "ratio_equal_work": harness.ratios_to_first(hashed),
                "file_mb": {name: round(size / 1e6, 1) for name, size in sizes.items()},
            },
        )
    shutil.rmtree(work)


if __name__ == "__main__":
    main()
