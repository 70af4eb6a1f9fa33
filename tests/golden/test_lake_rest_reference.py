"""Our client of the REST API against Apache Iceberg's own server, over the JDBC catalog in SQLite.

Needs Java 17 and, in the folder that TICKHOUSE_ICEBERG_JARS names, the jars of Maven's org.apache.iceberg:iceberg-core
(and its classifier tests), org.eclipse.jetty:jetty-servlet:11.0.26, org.xerial:sqlite-jdbc, the Hadoop clients
org.apache.hadoop:hadoop-client-{api,runtime}:3.4.1, org.assertj:assertj-core and org.slf4j:slf4j-simple.
"""
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from pyiceberg.catalog import load_catalog

sys.path.insert(0, str(Path(__file__).parent))
from lake_services import free_port, plain_environment, run  # noqa: E402

JARS = os.environ.get("TICKHOUSE_ICEBERG_JARS", "")
pytestmark = [pytest.mark.slow,
              pytest.mark.skipif(not JARS or shutil.which("java") is None,
                                 reason="TICKHOUSE_ICEBERG_JARS names no jars, or there is no Java")]


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    folder = tmp_path_factory.mktemp("reference")
    port = free_port()
    (folder / "warehouse").mkdir()
    (folder / "rest.properties").write_text(
        f"port={port}\ntype=jdbc\nuri=jdbc:sqlite:{folder}/catalog.db\njdbc.schema-version=V1\n"
        f"warehouse=file://{folder}/warehouse\n")
    with open(folder / "log", "w") as log:
        process = subprocess.Popen(
            ["java", "-Xmx512m", "-cp", f"{JARS}/*", Path(__file__).parent / "ReferenceCatalog.java",
             folder / "rest.properties"], stdout=log, stderr=log, env=plain_environment())
    uri = f"http://127.0.0.1:{port}"
    for _ in range(600):
        assert process.poll() is None, (folder / "log").read_text()
        try:
            load_catalog("reference", type="rest", uri=uri).list_namespaces()
            break
        except Exception:  # noqa: BLE001: not up yet; the loop is bounded.
            time.sleep(0.1)
    yield uri
    process.kill()
    process.wait()


def test_we_make_fill_evolve_and_read_tables_of_the_reference_catalog(reference, tmp_path, monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    place = ["--workspace", "client", "--catalog", "rest", "--uri", reference]
    run(tmp_path, "lake", "init", *place)
    run(tmp_path, "lake", "init", *place)
    run(tmp_path, "generate", "--symbol", "EURUSD", "--out", "raw", "--days", 2, "--seed", 5)
    run(tmp_path, "convert", "raw", "bucket/Training Batch", "--chunk-size", "1MB")
    first = json.loads(run(tmp_path, "lake", "migrate", "bucket", "--json", *place).stdout)
    again = json.loads(run(tmp_path, "lake", "migrate", "bucket", "--json", *place).stdout)
    assert again["counts"]["rows_added"] == 0 and first["counts"]["rows_added"] > 0
    run(tmp_path, "lake", "tag", "eurusd", "loaded", *place)
    run(tmp_path, "lake", "evolve", "eurusd", "--add-column", "side string", "--rename-column", "ask=offer",
        "--add-partition", "side", "--set", "owner=desk", *place)
    theirs = load_catalog("reference", type="rest", uri=reference).load_table("gold.eurusd")
    assert [f.name for f in theirs.schema().fields] == ["datetime", "bid", "offer", "side"]
    assert theirs.properties["owner"] == "desk" and "loaded" in theirs.metadata.refs
    held = theirs.scan().to_arrow()
    assert held.num_rows == first["counts"]["rows_added"]
    theirs.append(held.slice(0, 10))
    shown = json.loads(run(tmp_path, "lake", "show", "eurusd", "--json", *place).stdout)["table"]
    assert shown["rows"] == held.num_rows + 10 and shown["snapshots"] == 2
    assert str(held.num_rows + 10) in run(tmp_path, "sql", "select count(*) from gold.eurusd", "--format", "csv",
                                          *place).stdout
    run(tmp_path, "lake", "rollback", "eurusd", "loaded", "--yes", *place)
    theirs.refresh()
    assert theirs.scan().to_arrow().num_rows == held.num_rows
    assert "nobody" in run(tmp_path, "lake", "show", "nobody", *place, code=1).stderr
