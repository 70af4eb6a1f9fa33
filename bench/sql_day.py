"""One day of a table of two years: `tickhouse sql` against DuckDB, two threads each.

    python bench/sql_day.py [--files 1000] [--rows 40000000] [--layout register rewrite]
                            [--rounds 9] [--record]

Bars (issue 4): at most 1.1 times plain DuckDB over exactly the needed files; 3 times DuckDB's
iceberg_scan. The table is made once by `lake migrate`: `register` keeps 1,000 files, of which a day
needs two or three; `rewrite` makes few large ones, of which it needs one. Two statements: figures of
the day, and its rows into a Parquet file.

Ours is a whole process, loading of DuckDB, opening it and planning included; the line "inside" has
its seconds as the program itself counts them. DuckDB takes part in three ways:
- by us: `tickhouse sql` over the files by name, so the same start and the same library without a
  catalog and without planning: what the table costs beside its files.
- process: DuckDB's own command line (package duckdb-cli), whole; it loads the iceberg extension.
- inner: from Python, where only the statement counts: neither the start of Python and its imports,
  nor the connection, nor the loading of the extension (the processor seconds hold them all).
"""

import argparse
import csv
import datetime as dt
import json
import shutil
import sys

import harness
import lakehouse

DAY = dt.date(2024, 5, 15)
WHERE = (f"datetime >= '{DAY}T00:00:00' and "
         f"datetime < '{DAY + dt.timedelta(days=1)}T00:00:00'")
STATEMENTS = {
    "figures": "select count(*) as n, min(datetime)::varchar as first, max(datetime)::varchar as last,"
               " round(avg(ask - bid) * 1e5, 3)::varchar as spread from {} where " + WHERE,
    "rows": "select datetime, bid, ask from {} where " + WHERE,
}
COPY = "copy ({}) to '{}' (format parquet, compression zstd)"
BARS = {"needed files": 1.1, "iceberg_scan": 3}


def make_lake(files, rows, layout):
    """The workspace with the table, made once; tables hold absolute places, so a mark tells that it
    is whole."""
    folder = harness.scratch() / f"sql_day_{layout}_{files}x{rows}"
    mark = folder / "whole"
    if not mark.exists():
        shutil.rmtree(folder, ignore_errors=True)
        source = lakehouse.tick_files(files, rows)
        workspace = ["--workspace", folder]
        harness.run([harness.binary(), "-q", "lake", "init", *workspace])
        harness.run([harness.binary(), "-q", "lake", "migrate", source, *workspace,
                     *(["--register"] if layout == "register" else [])])
        mark.touch()
    return folder


def needed(folder):
    """Where the table's metadata lies, and the files that the day needs by PyIceberg's planning."""
    table = lakehouse.catalog(folder).load_table(lakehouse.TABLE)
    files = [task.file.file_path.removeprefix("file://")
             for task in table.scan(row_filter=WHERE).plan_files()]
    return {"metadata": table.metadata_location, "files": sorted(files),
            "of": len(list(table.scan().plan_files()))}


def peer(source, statement, target):
    """DuckDB's turn from Python; `source` is what stands in the statement for the table."""
    import time

    connection = lakehouse.duckdb_connection()
    text = statement.format(source)
    begin = time.perf_counter()
    if target:
        connection.execute(COPY.format(text, target))
        answer = []
    else:
        answer = connection.execute(text).fetchone()
    seconds = time.perf_counter() - begin
    print(json.dumps(list(answer)))
    print(seconds)


def by_python(name, source, what, target):
    command = [sys.executable, __file__, "--peer", source, STATEMENTS[what], target]
    return harness.Contender(name, command, inner=True)


def by_program(name, program, source, what, target, load):
    text = STATEMENTS[what].format(source)
    text = COPY.format(text, target) if target else text
    before = [f"load '{path}'" for path in lakehouse.extensions()] if load else []
    statements = "; ".join(["set threads = 2", *before, text])
    return harness.Contender(name, [program, "-init", "/dev/null", "-csv", "-noheader", "-c",
                                    statements])


def by_us(name, folder, source, what, target):
    command = [harness.binary(), "-q", "--json", "--threads", "2", "sql",
               STATEMENTS[what].format(source), "--workspace", folder]
    return harness.Contender(name, command + (["--output", target] if target else []))


def contenders_for(folder, plan, what, out):
    """And where each of them leaves its rows: nowhere for the figures."""
    program = lakehouse.duckdb_program()
    sources = {"needed files": lakehouse.files_sql(plan["files"]),
               "iceberg_scan": f"iceberg_scan('{plan['metadata']}')"}
    names = ["tickhouse sql", "needed files, by us",
             *(f"{source}, {way}" for way in ("process", "inner")
               for source in sources if program or way == "inner")]
    targets = {name: str(out / f"{name}.parquet") if what == "rows" else "" for name in names}
    found = [by_us(name, folder, source, what, targets[name])
             for name, source in zip(names[:2], (lakehouse.TABLE, sources["needed files"]))]
    for name in names[2:]:
        source, way = name.split(", ")
        if way == "inner":
            found.append(by_python(name, sources[source], what, targets[name]))
        else:
            found.append(by_program(name, program, sources[source], what, targets[name],
                                    source == "iceberg_scan"))
    return found, targets


def answer_of(contender, run):
    """The figures as texts, whoever printed them."""
    if "--json" in contender.command:
        return [str(value) for value in json.loads(run.stdout)["rows"][0].values()]
    if contender.inner:
        return [str(value) for value in json.loads(run.stdout.splitlines()[0])]
    return next(csv.reader(run.stdout.splitlines()))


def true_answer(source, what):
    """What the tick files themselves say, read whole."""
    files = lakehouse.files_sql(lakehouse.paths_of(source))
    text = STATEMENTS[what].format(files)
    text = lakehouse.DIGEST.format(f"({text})") if what == "rows" else text
    return [str(value) for value in lakehouse.duckdb_connection().execute(text).fetchone()]


def same_rows(paths):
    """The digest of each file, and how many of its rows the first one lacks."""
    connection = lakehouse.duckdb_connection()
    found = []
    for path in paths:
        digest = connection.execute(lakehouse.DIGEST.format(f"'{path}'")).fetchone()
        missing = connection.execute(f"select count(*) from (from '{path}' except all "
                                     f"from '{paths[0]}')").fetchone()[0]
        found.append([[str(value) for value in digest], missing])
    return found


def check(contenders, targets, source, what):
    wanted = lakehouse.apart("sql_day.py", "--answer", source, what)
    if what == "rows":
        for name, (digest, missing) in zip(
                targets, lakehouse.apart("sql_day.py", "--same", *targets.values())):
            if digest != wanted or missing:
                sys.exit(f"bench: {name} gives {digest} ({missing} rows others lack), "
                         f"the files {wanted}")
        return wanted
    for contender in contenders:
        for run in contender.runs:
            if answer_of(contender, run) != wanted:
                sys.exit(f"bench: {contender.name} says {answer_of(contender, run)}, "
                         f"the files {wanted}")
    return wanted


def inside(ours):
    """Our runs by the seconds that the program counts itself."""
    found = harness.Contender("tickhouse sql, inside", ours.command)
    found.runs = [harness.Run(json.loads(run.stdout)["durations_s"]["total"], run.rss_mb, "",
                              run.cpu_seconds) for run in ours.runs]
    return found


def tell_bars(contenders):
    seconds = {contender.name: contender.seconds for contender in contenders}
    ours = seconds["tickhouse sql"]
    for name, peer_seconds in seconds.items():
        if name.startswith("needed files"):
            print(f"{ours / peer_seconds:.2f} of the time of {name} (bar {BARS['needed files']})")
        elif name.startswith("iceberg_scan"):
            print(f"{peer_seconds / ours:.2f} times as fast as {name} (bar {BARS['iceberg_scan']})")


def measure(layout, what, wanted):
    folder = make_lake(wanted.files, wanted.rows, layout)
    plan = lakehouse.apart("sql_day.py", "--needed", folder)
    out = harness.scratch() / "sql_day_rows"
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir()
    contenders, targets = contenders_for(folder, plan, what, out)
    harness.take_turns(contenders, wanted.rounds)
    answer = check(contenders, targets, lakehouse.tick_files(wanted.files, wanted.rows), what)
    shutil.rmtree(out)
    shown = [contenders[0], inside(contenders[0]), *contenders[1:]]
    harness.table(f"{what} of one day, {int(answer[0]):,} rows in {len(plan['files'])} of {plan['of']} "
                  f"files ({layout}), {wanted.rows:,} in all", shown)
    tell_bars(contenders)
    if wanted.record:
        harness.record("sql_day", {"statement": what, "layout": layout, "rows": wanted.rows,
                                   "files": plan["of"], "needed": len(plan["files"]),
                                   **harness.figures_of(shown)})


def main():
    words = argparse.ArgumentParser(description=__doc__,
                                    formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--files", type=int, default=1000)
    words.add_argument("--rows", type=int, default=40_000_000, help="of all files together")
    words.add_argument("--layout", nargs="+", choices=["register", "rewrite"],
                       default=["register", "rewrite"])
    words.add_argument("--rounds", type=int, default=9)
    words.add_argument("--record", action="store_true")
    for hidden, count in (("--peer", 3), ("--needed", 1), ("--answer", 2), ("--same", "+")):
        words.add_argument(hidden, nargs=count, help=argparse.SUPPRESS)
    wanted = words.parse_args()
    if wanted.peer:
        peer(*wanted.peer)
    elif wanted.needed:
        print(json.dumps(needed(*wanted.needed)))
    elif wanted.answer:
        print(json.dumps(true_answer(*wanted.answer)))
    elif wanted.same:
        print(json.dumps(same_rows(wanted.same)))
    else:
        if not lakehouse.duckdb_program():
            print("bench: DuckDB's command line is missing (package duckdb-cli): of DuckDB only the "
                  "statement is timed, without its start; ours is a whole process")
        for layout in wanted.layout:
            for what in STATEMENTS:
                measure(layout, what, wanted)


if __name__ == "__main__":
    main()
