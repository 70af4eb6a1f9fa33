"""Rows added and removed between two snapshots: `lake diff` against DuckDB's EXCEPT ALL.

    python bench/changelog.py [--rows 2500000 10000000] [--changed 1 2 4 8] [--file-rows 250000]
                              [--rounds 3] [--record]

Claim (issue 4): linear in changed files, not in the table's size. A table is files of 250,000 rows; a
commit replaces some of them, spread over the table, by files of which every hundredth row has
another bid. So the counts are known, and checked, as are the rows themselves, row by row. `diff`
counts, `diff --rows` writes the rows into a Parquet file, and so does DuckDB, which asks in two
iceberg_scans what one snapshot has and the other has not. Two threads each; DuckDB's seconds are
those of the statement alone. What is said of straight lines in the end is fitted, not judged: on a
busy machine look at the processor seconds.
"""

import argparse
import json
import shutil
import statistics
import sys

import harness
import lakehouse

SHARE = 100  # One row of so many is changed.
START_US = 1_704_067_200_000_000
STEP_US = 500_000
OURS = ("diff", "diff --rows")


def folder_of(rows, file_rows):
    return harness.scratch() / f"changelog_{rows}_{file_rows}"


def write_file(path, first, count, changed):
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    rng = np.random.default_rng(first)
    times = START_US + (first + np.arange(count)) * STEP_US + rng.integers(0, STEP_US, count)
    bid = 110_000 + np.cumsum(rng.integers(-2, 3, count))
    ask = bid + rng.integers(2, 9, count)
    if changed:
        bid[::SHARE] += 1
    table = pa.table({"datetime": pa.array(times, pa.timestamp("us")), "bid": bid / 1e5,
                      "ask": ask / 1e5})
    pq.write_table(table, path, compression="zstd")


def replace(table, branch, places):
    """One commit on a branch of its own: files by others."""
    from pyiceberg.io.pyarrow import parquet_files_to_data_files

    by_path = {task.file.file_path: task.file for task in table.scan().plan_files()}
    with table.transaction() as transaction:
        with transaction.update_snapshot(branch=branch).overwrite() as update:
            for old in places:
                update.delete_data_file(by_path[old])
            for new in parquet_files_to_data_files(table.io, transaction.table_metadata,
                                                   places.values()):
                update.append_data_file(new)


def make_table(rows, file_rows, changed):
    """A table with a branch for each number of changed files; answers where everything is."""
    folder = folder_of(rows, file_rows)
    known = folder / "whole.json"
    if known.exists() and set(json.loads(known.read_text())["tips"]) >= {str(k) for k in changed}:
        return json.loads(known.read_text())
    shutil.rmtree(folder, ignore_errors=True)
    data = folder / "data"
    data.mkdir(parents=True)
    catalog = lakehouse.catalog(folder)
    catalog.create_namespace("gold")
    table = lakehouse.create_table(catalog)
    count = rows // file_rows
    for i in range(count):
        write_file(data / f"part-{i:05}.parquet", i * file_rows, file_rows, changed=False)
    table.add_files([f"file://{data}/part-{i:05}.parquet" for i in range(count)])
    base = table.current_snapshot().snapshot_id
    tips = {}
    for k in changed:
        places = {}
        for i in (j * count // k for j in range(k)):
            new = data / f"changed-{i:05}.parquet"
            write_file(new, i * file_rows, file_rows, changed=True)
            places[f"file://{data}/part-{i:05}.parquet"] = f"file://{new}"
        branch = f"changed_{k}"
        table.manage_snapshots().create_branch(base, branch).commit()
        replace(table, branch, places)
        tips[str(k)] = table.snapshot_by_name(branch).snapshot_id
    answer = {"folder": str(folder), "metadata": table.metadata_location, "base": base, "tips": tips}
    known.write_text(json.dumps(answer))
    return answer


def peer(metadata, base, tip, target):
    """DuckDB's turn, run as a process of its own."""
    import time

    connection = lakehouse.duckdb_connection()
    old, new = (f"(from iceberg_scan('{metadata}', snapshot_from_id := {snapshot}))"
                for snapshot in (base, tip))
    begin = time.perf_counter()
    connection.execute(
        f"copy (select 'added' as change, * from ({new} except all {old}) union all "
        f"select 'removed', * from ({old} except all {new})) to '{target}' (format parquet)")
    print(time.perf_counter() - begin)


def difference(ours, theirs):
    """[added, removed] of both files, and rows that only one of them has."""
    connection = lakehouse.duckdb_connection()
    counts = [connection.execute("select count(*) filter (change = 'added'), "
                                 f"count(*) filter (change = 'removed') from '{path}'").fetchone()
              for path in (ours, theirs)]
    names = "change, datetime, bid, ask"
    apart = [connection.execute(f"select count(*) from (select {names} from '{one}' except all "
                                f"select {names} from '{other}')").fetchone()[0]
             for one, other in ((ours, theirs), (theirs, ours))]
    return [*counts, *apart]


def check(contenders, paths, changed_rows, files):
    wanted = [changed_rows, changed_rows]
    for contender in contenders[:2]:
        for run in contender.runs:
            counts = json.loads(run.stdout)["counts"]
            told = [counts["rows-added"], counts["rows-removed"]]
            if told != wanted or [counts["files-added"], counts["files-removed"]] != [files, files]:
                sys.exit(f"bench: {contender.name} counts {counts}, not {wanted} rows of {files} files")
    ours, theirs, only_ours, only_theirs = lakehouse.apart("changelog.py", "--difference", *paths)
    if ours != wanted or theirs != wanted or only_ours or only_theirs:
        sys.exit(f"bench: rows differ: ours {ours}, DuckDB's {theirs}, wanted {wanted}; only ours "
                 f"{only_ours}, only DuckDB's {only_theirs}")


def measure(made, rows, k, wanted):
    folder = harness.scratch() / "changelog_rows"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    paths = [folder / "ours.parquet", folder / "duckdb.parquet"]
    base, tip = made["base"], made["tips"][str(k)]
    diff = [harness.binary(), "-q", "--json", "--threads", "2", "lake", "diff", lakehouse.TABLE, base,
            tip, "--workspace", made["folder"]]
    contenders = [
        harness.Contender(OURS[0], diff),
        harness.Contender(OURS[1], [*diff, "--rows", "--output", paths[0]]),
        harness.Contender("DuckDB, except all", [sys.executable, __file__, "--peer", made["metadata"],
                                                 base, tip, paths[1]], inner=True),
    ]
    harness.take_turns(contenders, wanted.rounds)
    changed_rows = k * -(-wanted.file_rows // SHARE)
    check(contenders, paths, changed_rows, k)
    shutil.rmtree(folder)
    harness.table(f"changelog: {rows:,} rows, {k} files of {wanted.file_rows:,} changed: "
                  f"{changed_rows:,} rows added, as many removed", contenders)
    if wanted.record:
        harness.record("changelog", {"rows": rows, "changed_files": k, "file_rows": wanted.file_rows,
                                     **harness.figures_of(contenders)})
    return contenders


def line(points):
    """Intercept and slope of the line through (files, seconds), and r squared."""
    if len(points) < 3:
        return None
    fit = statistics.linear_regression(*zip(*points))
    return fit.intercept, fit.slope, statistics.correlation(*zip(*points)) ** 2


def conclude(found, wanted):
    """`found`: (rows, changed files) -> contenders."""
    for at, name in enumerate(OURS):
        for unit in ("seconds", "cpu_seconds"):
            slopes = {}
            print(f"\n{name}, {unit.replace('_', ' ')} by changed files")
            for rows in wanted.rows:
                points = [(k, getattr(found[rows, k][at], unit)) for k in wanted.changed]
                text = "".join(f"{k:>5}:{seconds:8.3f}" for k, seconds in points)
                if fit := line(points):
                    slopes[rows] = fit[1]
                    text += f"   = {fit[0]:.3f} {fit[1]:+.4f} a file, r2 {fit[2]:.3f}"
                print(f"{rows:>14,}{text}")
            small, large = min(wanted.rows), max(wanted.rows)
            if small == large:
                continue
            ratios = [getattr(found[large, k][at], unit) / getattr(found[small, k][at], unit)
                      for k in wanted.changed]
            text = f"a table {large / small:.3g} times as large takes {statistics.mean(ratios):.2f} times"
            if slopes and min(slopes.values()) > 0:
                text += f", a changed file of it {slopes[large] / slopes[small]:.2f} times"
            print(text)


def main():
    words = argparse.ArgumentParser(description=__doc__,
                                    formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--rows", type=int, nargs="+", default=[2_500_000, 10_000_000])
    words.add_argument("--changed", type=int, nargs="+", default=[1, 2, 4, 8])
    words.add_argument("--file-rows", type=int, default=250_000)
    words.add_argument("--rounds", type=int, default=3)
    words.add_argument("--record", action="store_true")
    for hidden, count in (("--peer", 4), ("--difference", 2), ("--make", "+")):
        words.add_argument(hidden, nargs=count, help=argparse.SUPPRESS)
    wanted = words.parse_args()
    if wanted.peer:
        peer(*wanted.peer)
    elif wanted.difference:
        print(json.dumps(difference(*wanted.difference)))
    elif wanted.make:
        rows, file_rows, *changed = map(int, wanted.make)
        print(json.dumps(make_table(rows, file_rows, changed)))
    else:
        found = {}
        for rows in wanted.rows:
            if rows % wanted.file_rows or rows // wanted.file_rows < max(wanted.changed):
                sys.exit("bench: --rows is a multiple of --file-rows, and holds --changed files")
            made = lakehouse.apart("changelog.py", "--make", rows, wanted.file_rows, *wanted.changed)
            for k in wanted.changed:
                found[rows, k] = measure(made, rows, k, wanted)
        conclude(found, wanted)


if __name__ == "__main__":
    main()
