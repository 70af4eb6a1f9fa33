"""The lakehouse by the command line, and what other engines see of it."""
import json
import os
import subprocess

import pytest
from pyiceberg.catalog.sql import SqlCatalog

BIN = os.environ.get("TICKHOUSE_BIN", "build/release/bin/tickhouse")


def run(cwd, *words, code=0, **environment):
    done = subprocess.run([BIN, *map(str, words)], cwd=cwd, capture_output=True, text=True, timeout=300,
                          env=os.environ | environment)
    assert done.returncode == code, f"{words}: {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done


def run_json(cwd, *words, code=0, **environment):
    return json.loads(run(cwd, *words, "--json", code=code, **environment).stdout)


def pyiceberg(folder, name="catalog-dw"):
    return SqlCatalog(name, uri=f"sqlite:///{folder}/catalog.db", warehouse=f"file://{folder}/warehouse")


def test_init_makes_a_lakehouse_once_and_leaves_it_alone_after(tmp_path):
    first = run(tmp_path, "lake", "init")
    assert f"lakehouse {tmp_path}/lakehouse" in first.stdout and "was there" not in first.stdout
    before = (tmp_path / "lakehouse/catalog.db").read_bytes()
    again = run(tmp_path, "lake", "init")
    assert "gold (was there)" in again.stdout
    assert (tmp_path / "lakehouse/catalog.db").read_bytes() == before
    assert not (tmp_path / "lakehouse/tickhouse.toml").exists()
    assert pyiceberg(tmp_path / "lakehouse").list_namespaces() == [("gold",)]
    assert "no tables" in run(tmp_path, "lake", "tables").stdout
    assert run_json(tmp_path, "lake", "tables")["tables"] == []


def test_a_table_of_another_writer_is_listed_and_shown(tmp_path):
    import pyarrow as pa

    run(tmp_path, "lake", "init", "--workspace", "w", "--catalog-name", "mine")
    assert 'catalog-name = "mine"' in (tmp_path / "w/tickhouse.toml").read_text().replace("'", '"')
    rows = pa.table({"id": pa.array([1, 2, 3], pa.int64())})
    table = pyiceberg(tmp_path / "w", "mine").create_table("gold.notes", schema=rows.schema)
    table.append(rows)
    table.append(rows)
    listed = run_json(tmp_path, "lake", "tables", "--workspace", "w")["tables"]
    assert [(t["table"], t["rows"], t["files"], t["snapshots"]) for t in listed] == [("gold.notes", 6, 2, 2)]
    shown = run(tmp_path, "lake", "show", "NOTES", "--workspace", "w").stdout
    assert "gold.notes" in shown and "long" in shown and "partitioned  none" in shown
    snapshots = run_json(tmp_path, "lake", "snapshots", "gold.notes", "--workspace", "w")["snapshots"]
    assert [s["current"] for s in snapshots] == [False, True]
    assert snapshots[1]["parent_id"] == snapshots[0]["snapshot_id"] and snapshots[1]["refs"] == ["main"]


@pytest.mark.parametrize("words, code, message", [
    (["lake", "tables"], 1, "lake init"),
    (["lake", "show", "nobody"], 1, "lake init"),
    (["lake", "init", "--catalog", "postgres"], 2, "--uri"),
    (["lake", "init", "--catalog", "oracle"], 2, "oracle"),
    (["lake", "init", "--catalog", "postgres", "--uri", "postgresql://me:secret@127.0.0.1/x"], 2, "password"),
    (["lake", "init", "--catalog", "postgres", "--uri", "postgresql://me@127.0.0.1:1/x"], 3, "127.0.0.1"),
    (["lake"], 2, "subcommand"),
])
def test_wrong_usage_says_what_to_do(tmp_path, words, code, message):
    done = run(tmp_path, *words, code=code)
    assert message in done.stderr + done.stdout
    assert not (tmp_path / "lakehouse/catalog.db").exists()


def test_a_file_that_is_no_catalog_is_left_alone(tmp_path):
    (tmp_path / "lakehouse").mkdir()
    (tmp_path / "lakehouse/catalog.db").write_text("this is no database, and long enough to be told from one" * 9)
    before = (tmp_path / "lakehouse/catalog.db").read_bytes()
    done = run(tmp_path, "lake", "init", code=1)
    assert "catalog.db" in done.stderr
    assert (tmp_path / "lakehouse/catalog.db").read_bytes() == before


def test_a_section_of_the_settings_file_that_is_wrong_is_named(tmp_path):
    (tmp_path / "w").mkdir()
    (tmp_path / "w/tickhouse.toml").write_text('[lake]\ncatalog = "sqlite"\nwharehouse = "x"\n')
    done = run(tmp_path, "lake", "tables", "--workspace", "w", code=2)
    assert "tickhouse.toml:3" in done.stderr and "wharehouse" in done.stderr
    (tmp_path / "w/tickhouse.toml").write_text('[lake]\nwarehouse = "elsewhere"\n')
    done = run(tmp_path, "lake", "init", "--workspace", "w", "--warehouse", "here", code=1)
    assert "says something else" in done.stderr


def generate_and_convert(folder, symbols="EURUSD,GBPJPY", days=3, start="2020-12-30"):
    run(folder, "generate", "--symbol", symbols, "--out", "raw", "--days", days, "--from", start, "--seed", 7, "-q")
    run(folder, "convert", "raw", "bucket/Training Batch", "--chunk-size", "2MB", "-q")


def source_rows(folder):
    """All ticks of a folder, as the gold table should hold them."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    tables = [pq.read_table(p).select([0, 1, 2]).rename_columns(["datetime", "bid", "ask"])
              for p in sorted(folder.rglob("*.parquet"))]
    return pa.concat_tables(tables)


def sorted_rows(table):
    return table.sort_by([(name, "ascending") for name in ("datetime", "bid", "ask")]).combine_chunks()


def gold(folder, symbol):
    return pyiceberg(folder / "lakehouse").load_table(f"gold.{symbol}")


def assert_same_rows(folder, symbol, source):
    held = gold(folder, symbol).scan().to_arrow()
    assert sorted_rows(held).cast(source.schema).equals(sorted_rows(source))


def tables_of(report):
    return {t["table"]: t for t in report["tables"]}


def test_migrate_loads_each_file_once_and_pyiceberg_reads_every_row(tmp_path):
    generate_and_convert(tmp_path, days=5, start="2020-12-31")
    first = run_json(tmp_path, "lake", "migrate", "bucket")
    assert first["problems"] == []
    for symbol in ("eurusd", "gbpjpy"):
        source = source_rows(tmp_path / "bucket/Training Batch" / symbol.upper())
        told = tables_of(first)[f"gold.{symbol}"]
        assert told["rows_in"] == told["rows_added"] == told["total_rows"] == source.num_rows
        years = source["datetime"].to_pandas().dt.year.value_counts().to_dict()
        assert told["rows_per_year"] == {str(y): n for y, n in years.items()} and len(years) == 2
        assert_same_rows(tmp_path, symbol, source)
        table = gold(tmp_path, symbol)
        assert [(f.name, str(f.transform)) for f in table.spec().fields] == [("datetime_year", "year")]
        assert str(table.schema().find_field("datetime").field_type) == "timestamp"
        for task in table.scan().plan_files():
            assert task.file.record_count > 0 and task.file.sort_order_id == 1
    again = run_json(tmp_path, "lake", "migrate", "bucket")
    assert again["counts"]["files_added"] == 0 and again["counts"]["rows_added"] == 0
    assert again["counts"]["files_known"] == first["counts"]["files"]
    assert len(gold(tmp_path, "eurusd").snapshots()) == 1


def test_only_new_files_are_added_and_a_changed_one_is_named(tmp_path):
    import shutil

    generate_and_convert(tmp_path, "EURUSD")
    batch = tmp_path / "bucket/Training Batch/EURUSD"
    chunks = sorted(batch.glob("*.parquet"))
    assert len(chunks) > 2
    (tmp_path / "later").mkdir()
    for chunk in chunks[1:]:
        shutil.move(chunk, tmp_path / "later")
    run(tmp_path, "lake", "migrate", "bucket")
    for chunk in chunks[1:]:
        shutil.move(tmp_path / "later" / chunk.name, batch)
    shutil.copy(chunks[0], batch / "copy.parquet")  # The same content under another name.
    second = run_json(tmp_path, "lake", "migrate", "bucket")
    assert second["counts"]["files_added"] == len(chunks) - 1 and second["counts"]["files_known"] == 2
    (batch / "copy.parquet").unlink()
    assert_same_rows(tmp_path, "eurusd", source_rows(batch))
    run(tmp_path, "generate", "--symbol", "EURUSD", "--out", "raw2", "--days", 1, "--seed", 9, "-q")
    run(tmp_path, "convert", "raw2", "other", "-q")
    shutil.copy(next((tmp_path / "other").rglob("*.parquet")), chunks[0])
    third = run_json(tmp_path, "lake", "migrate", "bucket", code=1)
    assert third["counts"]["rows_added"] == 0
    assert [p["item"] for p in third["problems"]] == [str(chunks[0])]
    assert "content changed" in third["problems"][0]["message"]


def write_ticks(path, times, bids, asks, **options):
    import pyarrow as pa
    import pyarrow.parquet as pq

    path.parent.mkdir(parents=True, exist_ok=True)
    unit = options.pop("unit", "us")
    columns = {"DateTime": pa.array(times, pa.timestamp(unit)), "Bid": pa.array(bids, pa.float64()),
               "Ask": pa.array(asks, pa.float64())}
    pq.write_table(pa.table(columns), path, **options)


def test_rows_without_a_time_are_left_out_and_rows_out_of_order_are_sorted(tmp_path):
    import random

    random.seed(3)
    start = 1_600_000_000_000_000
    times = [start + 1000 * i for i in range(1000)]
    random.shuffle(times)
    for i in (0, 10, 999):
        times[i] = None
    write_ticks(tmp_path / "in/Training Batch/XAUUSD/old.parquet", times, [1.5] * 1000, [None] + [2.5] * 999,
                row_group_size=300)
    (tmp_path / "in/Training Batch/XAUUSD/broken.parquet").write_bytes(b"PAR1 no")
    (tmp_path / "in/elsewhere").mkdir()
    write_ticks(tmp_path / "in/elsewhere/x.parquet", [start], [1.0], [1.0])
    report = run_json(tmp_path, "lake", "migrate", "in", code=1)
    assert [os.path.basename(p["item"]) for p in report["problems"]] == ["broken.parquet"]
    told = tables_of(report)["gold.xauusd"]
    assert (told["rows_in"], told["null_times"], told["rows_added"]) == (1000, 3, 997)
    held = gold(tmp_path, "xauusd").scan().to_arrow()
    assert held["datetime"].to_pylist() == sorted(held["datetime"].to_pylist()) and held.num_rows == 997


@pytest.mark.slow
def test_rows_far_out_of_order_become_sorted_files(tmp_path):
    import pyarrow.parquet as pq

    start, rows = 1_600_000_000_000_000, 900_000
    write_ticks(tmp_path / "in/EURUSD/a.parquet", [start + 1000 * i for i in range(rows, 0, -1)], [1.25] * rows,
                [1.5] * rows)
    told = tables_of(run_json(tmp_path, "lake", "migrate", "in"))["gold.eurusd"]
    assert told["total_rows"] == rows
    tasks = list(gold(tmp_path, "eurusd").scan().plan_files())
    times = [pq.read_table(t.file.file_path.removeprefix("file://"))["DateTime"].to_numpy() for t in tasks]
    assert 1 < len(times) < 9 and sum(map(len, times)) == rows
    assert all((t[1:] >= t[:-1]).all() for t in times)


def test_register_adopts_files_in_place_and_refuses_what_it_cannot(tmp_path):
    day = 86_400_000_000
    at_2020 = 1_600_000_000_000_000
    new_year = 1_609_459_200_000_000
    batch = tmp_path / "in/Training Batch/EURUSD"
    write_ticks(batch / "a.parquet", [at_2020, at_2020 + day], [1.1, 1.2], [1.2, 1.3])
    write_ticks(batch / "b.parquet", [new_year + 5], [1.3], [1.4])
    write_ticks(batch / "span.parquet", [new_year - 5, new_year + 7], [1.3, 1.4], [1.4, 1.5])
    write_ticks(batch / "nulls.parquet", [new_year + 9, None], [1.3, 1.4], [1.4, 1.5])
    report = run_json(tmp_path, "lake", "migrate", "in", "--register", code=1)
    problems = {os.path.basename(p["item"]): p["message"] for p in report["problems"]}
    assert set(problems) == {"span.parquet", "nulls.parquet"}
    assert "datetime_year=2020/ to datetime_year=2021/" in problems["span.parquet"]
    assert "1 rows have no time" in problems["nulls.parquet"]
    assert not (tmp_path / "lakehouse/warehouse/gold/eurusd/data").exists()
    held = gold(tmp_path, "eurusd").scan().to_arrow()
    assert sorted(held["bid"].to_pylist()) == [1.1, 1.2, 1.3]
    assert gold(tmp_path, "eurusd").scan("datetime < '2020-12-31T00:00:00'").to_arrow().num_rows == 2
    again = run_json(tmp_path, "lake", "migrate", "in", "--register", code=1)
    assert again["counts"]["files_known"] == 2 and again["counts"]["rows_added"] == 0
    copied = run_json(tmp_path, "lake", "migrate", "in")
    assert copied["counts"]["rows_added"] == 3 and copied["counts"]["null_times"] == 1
    assert tables_of(copied)["gold.eurusd"]["rows_per_year"] == {"2020": 3, "2021": 3}


def test_an_unpartitioned_table_takes_files_of_any_years_in_place(tmp_path):
    new_year = 1_609_459_200_000_000
    write_ticks(tmp_path / "in/EURUSD/span.parquet", [new_year - 5, new_year + 7], [1.3, 1.4], [1.4, 1.5])
    report = run_json(tmp_path, "lake", "migrate", "in", "--register", "--partition", "none")
    assert tables_of(report)["gold.eurusd"]["rows_per_year"] == {"2020": 1, "2021": 1}
    assert gold(tmp_path, "eurusd").scan().to_arrow().num_rows == 2
    other = run(tmp_path, "lake", "migrate", "in", "--partition", "month", code=1)
    assert "partitioned by none, not month" in other.stderr and "lake evolve" in other.stderr


@pytest.mark.slow
def test_monthly_partitions(tmp_path):
    generate_and_convert(tmp_path, "EURUSD", days=7, start="2020-12-29")
    report = run_json(tmp_path, "lake", "migrate", "bucket", "--partition", "month")
    source = source_rows(tmp_path / "bucket")
    assert tables_of(report)["gold.eurusd"]["total_rows"] == source.num_rows
    parts = {str(p["partition"]) for p in gold(tmp_path, "eurusd").inspect.partitions().to_pylist()}
    assert len(parts) == len({t.month for t in source["datetime"].to_pylist()}) == 2
    assert_same_rows(tmp_path, "eurusd", source)


def kill_when(process, is_time):
    import time

    deadline = time.monotonic() + 120
    while process.poll() is None and not is_time():
        assert time.monotonic() < deadline
        time.sleep(0.005)
    process.kill()
    process.wait()


@pytest.mark.slow
def test_a_killed_migration_goes_on_and_doubles_nothing(tmp_path):
    rows = 9_000_000
    run(tmp_path, "generate", "--symbol", "EURUSD", "--out", "raw", "--rows", rows, "--days", 60,
        "--from", "2020-12-01", "-q")
    run(tmp_path, "convert", "raw", "bucket", "-q")
    data = tmp_path / "lakehouse/warehouse/gold/eurusd/data"
    for files in (0, 1):  # Killed before, and after a file was written.
        process = subprocess.Popen([BIN, "lake", "migrate", "bucket", "-q"], cwd=tmp_path, stdout=subprocess.DEVNULL)
        kill_when(process, lambda: data.parent.exists() and len(list(data.rglob("*.parquet"))) >= files)
    survived = {p: p.stat().st_mtime_ns for p in data.rglob("*.parquet")}
    assert survived
    told = tables_of(run_json(tmp_path, "lake", "migrate", "bucket"))["gold.eurusd"]
    assert told["total_rows"] == rows and sum(told["rows_per_year"].values()) == rows
    table = gold(tmp_path, "eurusd")
    files = [task.file for task in table.scan().plan_files()]
    assert sum(f.record_count for f in files) == rows
    assert len({f.file_path for f in files}) == len(files) and len(table.snapshots()) == 1
    if told["groups_found_again"]:  # What was whole was not written a second time.
        assert any(p.stat().st_mtime_ns == when for p, when in survived.items())


def test_two_migrations_at_once_load_each_file_once(tmp_path):
    generate_and_convert(tmp_path, "EURUSD")
    run(tmp_path, "lake", "init")
    both = [subprocess.Popen([BIN, "lake", "migrate", "bucket", "--json"], cwd=tmp_path, stdout=subprocess.PIPE)
            for _ in range(2)]
    reports = [json.loads(p.communicate(timeout=120)[0]) for p in both]
    assert [p.returncode for p in both] == [0, 0]
    source = source_rows(tmp_path / "bucket")
    assert sum(r["counts"]["rows_added"] for r in reports) == source.num_rows
    assert_same_rows(tmp_path, "eurusd", source)


def test_history_is_named_rolled_back_and_loaded_anew(tmp_path):
    generate_and_convert(tmp_path, "EURUSD", days=1)
    run(tmp_path, "lake", "migrate", "bucket")
    start = 1_700_000_000_000_000
    write_ticks(tmp_path / "more/EURUSD/b.parquet", [start], [1.0], [1.5])
    source = source_rows(tmp_path / "bucket")
    run(tmp_path, "lake", "tag", "eurusd", "clean", "--keep-days", 30)
    run(tmp_path, "lake", "migrate", "more")
    assert gold(tmp_path, "eurusd").scan().to_arrow().num_rows == source.num_rows + 1
    partitions = run_json(tmp_path, "lake", "partitions", "eurusd")
    assert {p["partition"]: p["rows"] for p in partitions["partitions"]} == {
        "datetime_year=2020": source.num_rows, "datetime_year=2023": 1}
    assert run_json(tmp_path, "lake", "partitions", "eurusd", "--at", "clean")["counts"]["partitions"] == 1
    plan = run(tmp_path, "lake", "rollback", "eurusd", "clean")
    assert "nothing was changed" in plan.stdout and len(gold(tmp_path, "eurusd").history()) == 2
    done = run_json(tmp_path, "lake", "rollback", "eurusd", "clean", "--yes")
    assert done["counts"]["changed"] == 1
    assert done["before"]["current_snapshot_id"] != done["after"]["current_snapshot_id"]
    assert_same_rows(tmp_path, "eurusd", source)
    there = run(tmp_path, "lake", "rollback", "eurusd", "clean").stdout
    assert "main is at" in there and "--yes" not in there
    again = run_json(tmp_path, "lake", "rollback", "eurusd", "clean", "--yes")
    assert again["counts"]["changed"] == 0
    forward = str(done["before"]["current_snapshot_id"])
    refused = run(tmp_path, "lake", "rollback", "eurusd", forward, "--yes", code=2)
    assert "--any" in refused.stderr
    # What was rolled back counts as not loaded; its data files are not used a second time.
    before = set((tmp_path / "lakehouse/warehouse").rglob("*.parquet"))
    assert run_json(tmp_path, "lake", "migrate", "more")["counts"]["rows_added"] == 1
    assert len(set((tmp_path / "lakehouse/warehouse").rglob("*.parquet")) - before) == 1
    assert gold(tmp_path, "eurusd").scan().to_arrow().num_rows == source.num_rows + 1
    run(tmp_path, "lake", "rollback", "eurusd", "clean", "--yes")
    run(tmp_path, "lake", "rollback", "eurusd", forward, "--yes", "--any")
    assert gold(tmp_path, "eurusd").current_snapshot().snapshot_id == int(forward)


def test_branches_are_made_moved_and_removed(tmp_path):
    write_ticks(tmp_path / "one/EURUSD/a.parquet", [1_700_000_000_000_000], [1.0], [1.5])
    write_ticks(tmp_path / "two/EURUSD/b.parquet", [1_700_000_000_000_001], [1.0], [1.5])
    run(tmp_path, "lake", "migrate", "one")
    run(tmp_path, "lake", "branch", "eurusd", "audit", "--keep-snapshots", 3, "--keep-snapshots-days", 2)
    run(tmp_path, "lake", "migrate", "two")
    refs = gold(tmp_path, "eurusd").metadata.refs
    assert refs["audit"].min_snapshots_to_keep == 3 and refs["audit"].max_snapshot_age_ms == 2 * 86_400_000
    assert refs["audit"].snapshot_id != refs["main"].snapshot_id
    run(tmp_path, "lake", "branch", "eurusd", "audit", "--forward-to", "main")
    refs = gold(tmp_path, "eurusd").metadata.refs
    assert refs["audit"].snapshot_id == refs["main"].snapshot_id
    assert "is a branch" in run(tmp_path, "lake", "tag", "eurusd", "audit", "--remove", code=2).stderr
    run(tmp_path, "lake", "branch", "eurusd", "audit", "--remove")
    assert "audit" not in gold(tmp_path, "eurusd").metadata.refs
    assert run(tmp_path, "lake", "branch", "eurusd", "main", "--remove", code=2).stderr


def test_evolve_changes_what_pyiceberg_sees(tmp_path):
    write_ticks(tmp_path / "one/EURUSD/a.parquet", [1_700_000_000_000_000], [1.0], [1.5])
    run(tmp_path, "lake", "migrate", "one")
    run(tmp_path, "lake", "evolve", "eurusd", "--add-column", "lots int", "--add-column", "side string",
        "--move-column", "side after datetime", "--doc-column", "bid=best bid", "--add-partition", "month(datetime)",
        "--drop-partition", "datetime_year", "--sort-by", "datetime", "--sort-by", "bid desc",
        "--set", "owner=desk 7", "--set", "a=b=c")
    table = gold(tmp_path, "eurusd")
    assert [f.name for f in table.schema().fields] == ["datetime", "side", "bid", "ask", "lots"]
    assert table.schema().find_field("bid").doc == "best bid"
    assert [str(f.transform) for f in table.spec().fields] == ["month"]
    assert [str(f.direction) for f in table.sort_order().fields] == ["ASC", "DESC"]
    assert table.properties["owner"] == "desk 7" and table.properties["a"] == "b=c"
    assert table.scan().to_arrow().to_pylist()[0]["side"] is None
    run(tmp_path, "lake", "evolve", "eurusd", "--rename-column", "lots=size", "--promote-column", "size long",
        "--drop-column", "side", "--unset", "a")
    table = gold(tmp_path, "eurusd")
    assert str(table.schema().find_field("size").field_type) == "long" and "a" not in table.properties
    write_ticks(tmp_path / "two/EURUSD/b.parquet", [1_700_000_000_000_001], [1.0], [1.5])
    report = run_json(tmp_path, "lake", "migrate", "two")  # Into the evolved table.
    assert tables_of(report)["gold.eurusd"]["total_rows"] == 2
    assert gold(tmp_path, "eurusd").scan().to_arrow().num_rows == 2
    for words, message in ((["--add-column", "x"], "column and type"), (["--rename-column", "bid"], "old=new"),
                           (["--drop-column", "nobody"], "nobody"), (["--add-partition", "week(datetime)"], "year("),
                           (["--sort-by", "bid up"], "desc"), (["--set", "x"], "key=value"), ([], "--add-column")):
        assert message in run(tmp_path, "lake", "evolve", "eurusd", *words, code=2).stderr
