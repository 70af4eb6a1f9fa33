"""Commands on s3:// paths, against a real S3 server: the same bytes out as from the local disk.

The Versity gateway shows a folder as a store: a folder below its root is a bucket, a file an object. So the test
puts inputs there as files and reads outputs back as files, and only the program under test speaks S3.
"""
import json
import os
import random
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

BIN = os.environ.get("TICKHOUSE_BIN", "")
SERVER = Path(os.environ.get("TICKHOUSE_DEPS", Path.home() / ".cache/tickhouse/deps")) / "bin/versitygw"
pytestmark = pytest.mark.skipif(not SERVER.exists(), reason="versitygw is not installed (tools/setup.sh does it)")
KEYS = {"AWS_ACCESS_KEY_ID": "testkey", "AWS_SECRET_ACCESS_KEY": "testsecret123"}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def answers(url):
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        opener.open(url, timeout=5).close()
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True


class Store:
    def __init__(self, folder):
        self.data = folder / "data"
        (self.data / "lake").mkdir(parents=True)
        (folder / "meta").mkdir()
        self.process = None
        for _ in range(10):  # somebody may take the free port first
            port = free_port()
            self.url = f"http://127.0.0.1:{port}"
            self.process = subprocess.Popen(
                [SERVER, "--port", f"127.0.0.1:{port}", "--access", KEYS["AWS_ACCESS_KEY_ID"], "--secret",
                 KEYS["AWS_SECRET_ACCESS_KEY"], "--quiet", "posix", "--sidecar", folder / "meta", self.data],
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            for _ in range(600):
                if self.process.poll() is not None:
                    break
                if answers(self.url):
                    return
                time.sleep(0.05)
            self.stop()
        raise RuntimeError("versitygw does not come up")

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def environment(self, **changes):
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "TICKHOUSE_S3"))}
        return environment | KEYS | {"AWS_ENDPOINT_URL": self.url, "no_proxy": "127.0.0.1"} | changes

    def run(self, *words, **changes):
        return subprocess.run([BIN, *map(str, words)], capture_output=True, text=True,
                              env=self.environment(**changes), timeout=300)

    def good(self, *words, code=0):
        done = self.run("--json", *words)
        assert done.returncode == code, done.stdout + done.stderr
        return json.loads(done.stdout)

    def start(self, *words):
        return subprocess.Popen([BIN, *map(str, words)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                text=True, env=self.environment())

    def objects(self, prefix):
        """What a listing would show: the gateway keeps uploads under way and folders' marks elsewhere."""
        root = self.data / prefix
        return {str(p.relative_to(root)): p.read_bytes() for p in sorted(root.rglob("*")) if p.is_file()}


@pytest.fixture
def store(tmp_path):
    server = Store(tmp_path / "store")
    yield server
    server.stop()


def write_ticks(folder):
    folder.mkdir(parents=True)
    rows = [f"{1704189600000 + 250 * i},{1.1 + i / 1e5:.5f},{1.0999 + i / 1e5:.5f},1.5,2.25" for i in range(20_000)]
    text = "\n".join(["timestamp,askPrice,bidPrice,askVolume,bidVolume", *rows]) + "\n"
    (folder / "eurusd-tick-2024-01-02 à+b.csv").write_text(text)


def write_export(path, rows, seed=0, damaged=False):
    """A Quant Data Manager export, in an order that has to be put right when seed is odd."""
    path.parent.mkdir(parents=True, exist_ok=True)
    times = [1_704_189_600 + i // 4 for i in range(rows)]
    if seed % 2:
        random.Random(seed).shuffle(times)
    lines = ["DateTime,Bid,Ask,Volume"]
    for i, second in enumerate(times):
        clock = time.strftime("%Y%m%d %H:%M:%S", time.gmtime(second))
        lines.append(f"{clock}.{i % 1000:03},{1.1 + i % 777 / 1e5:.5f},{1.1001 + i % 777 / 1e5:.5f},1")
    if damaged:
        lines.insert(rows // 2, "half a ro")
    path.write_text("\n".join(lines) + "\n")


def parquet_below(folder):
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*.parquet"))}


def results(objects):
    return {name: content for name, content in objects.items() if not name.startswith(".tickhouse/")}


def below(folder):
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_reading_from_s3_gives_the_bytes_of_reading_from_disk(store, tmp_path):
    write_ticks(tmp_path / "raw/EURUSD")
    write_ticks(store.data / "lake/raw/EURUSD")
    for source, target in ((tmp_path / "raw", "from_disk"), ("s3://lake/raw", "from_s3")):
        done = store.run("convert", source, tmp_path / target)
        assert done.returncode == 0, done.stderr
    expected = parquet_below(tmp_path / "from_disk")
    assert expected and parquet_below(tmp_path / "from_s3") == expected

    for name, content in expected.items():
        path = store.data / "lake/ticks" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    scanned = store.run("scan", "s3://lake/ticks")
    assert scanned.returncode == 0, scanned.stderr
    assert "20000" in scanned.stdout.replace(",", "")
    for source, target in ((tmp_path / "from_disk", "clean_disk"), ("s3://lake/ticks", "clean_s3")):
        done = store.run("clean", source, tmp_path / target, "--windows", "10:00-10:30")
        assert done.returncode == 0, done.stderr
    expected = parquet_below(tmp_path / "clean_disk")
    assert expected and parquet_below(tmp_path / "clean_s3") == expected


@pytest.mark.slow
def test_convert_to_s3_gives_the_bytes_of_converting_to_disk_and_a_second_run_skips(store, tmp_path):
    write_export(tmp_path / "raw/EURUSD/a_UTCPlus02.csv", 30_000)
    write_export(tmp_path / "raw/GBPUSD/b à+c_UTCPlus02.csv", 30_000, damaged=True)
    chunks = ["--chunk-size", "700kB"]
    store.good("convert", tmp_path / "raw", tmp_path / "disk", *chunks, code=1)
    first = store.good("convert", tmp_path / "raw", "s3://lake/out", *chunks, code=1)
    assert first["counts"]["converted"] == 2 and first["counts"]["rejected_rows"] == 1
    expected = results(below(tmp_path / "disk"))
    assert len(expected) > 4 and results(store.objects("lake/out")) == expected
    assert "convert.lock" not in " ".join(store.objects("lake/out")), "let go of"

    before = store.objects("lake/out")
    second = store.good("convert", tmp_path / "raw", "s3://lake/out", *chunks)
    assert second["counts"]["skipped"] == 2 and second["counts"]["converted"] == 0
    assert store.objects("lake/out") == before
    (store.data / "lake/out/EURUSD/a_UTCPlus02_chunk_001.parquet").unlink()
    third = store.good("convert", tmp_path / "raw", "s3://lake/out", *chunks)
    assert third["counts"]["converted"] == 1
    assert results(store.objects("lake/out")) == expected
    # From store to store.
    store.good("convert", "s3://lake/out", "s3://lake/nothing", code=2)
    write_export(store.data / "lake/raw/EURUSD/a_UTCPlus02.csv", 30_000)
    store.good("convert", "s3://lake/raw", "s3://lake/again", *chunks)
    assert set(results(store.objects("lake/again"))) == {n for n in expected if n.startswith("EURUSD/")}


@pytest.mark.slow
def test_clean_scan_and_stats_on_s3_give_the_bytes_of_the_disk(store, tmp_path):
    for seed in (0, 1):
        write_export(tmp_path / f"raw/EURUSD/{seed}_UTCPlus02.csv", 40_000, seed)
    store.good("convert", tmp_path / "raw", tmp_path / "ticks")
    store.good("convert", tmp_path / "raw", "s3://lake/ticks")
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    for options in (["--windows", "08:10-08:50,09:00-10:00"], ["--windows", "all", "--bars"]):
        for source, target in ((tmp_path / "ticks", tmp_path / "clean"), ("s3://lake/ticks", "s3://lake/clean")):
            done = store.run("clean", source, target, *options, TMPDIR=str(scratch))
            assert done.returncode == 0, done.stderr
    assert list(scratch.iterdir()) == []
    expected = results(below(tmp_path / "clean"))
    assert len(expected) == 2 and store.objects("lake/clean") == expected

    # Names and sizes of the report differ by the way IN is spelt, the findings do not.
    reports = [store.run("scan", source, "--deep") for source in (tmp_path / "ticks", "s3://lake/ticks")]
    assert [r.returncode for r in reports] == [0, 0], reports[1].stderr
    tables = [store.good("scan", source, "--deep") for source in (tmp_path / "ticks", "s3://lake/ticks")]
    assert tables[0]["counts"] == tables[1]["counts"] and tables[0]["counts"]
    for source, target in ((tmp_path / "ticks", tmp_path / "stats"), ("s3://lake/ticks", "s3://lake/stats")):
        store.good("stats", source, target)
    expected = results(below(tmp_path / "stats"))
    assert len(expected) > 2 and results(store.objects("lake/stats")) == expected


@pytest.mark.slow
def test_a_killed_run_leaves_only_whole_objects_and_the_next_ends_as_an_undisturbed_one(store, tmp_path):
    for symbol in ("EURUSD", "GBPUSD", "USDJPY"):
        write_export(tmp_path / f"raw/{symbol}/x_UTCPlus02.csv", 150_000)
    begin = time.monotonic()
    store.good("convert", tmp_path / "raw", tmp_path / "disk", "--chunk-size", "2MB")
    usual = time.monotonic() - begin
    expected = results(below(tmp_path / "disk"))
    moments = random.Random(7)
    for turn in range(6):
        running = store.start("convert", tmp_path / "raw", "s3://lake/out", "--chunk-size", "2MB")
        time.sleep(moments.uniform(0, 1.5) * usual)
        running.kill()
        running.wait()
        running.stderr.close()
        for name, content in results(store.objects("lake/out")).items():
            assert expected[name] == content, f"{name} is not whole after kill {turn}"
    store.good("convert", tmp_path / "raw", "s3://lake/out", "--chunk-size", "2MB")
    assert results(store.objects("lake/out")) == expected


@pytest.mark.slow
@pytest.mark.parametrize("verb", ["convert", "clean"])
def test_of_two_runs_on_one_output_the_second_refuses_and_names_the_first(store, tmp_path, verb):
    write_export(tmp_path / "raw/EURUSD/x_UTCPlus02.csv", 200_000)
    store.good("convert", tmp_path / "raw", tmp_path / "ticks")
    source = tmp_path / ("raw" if verb == "convert" else "ticks")
    lock = store.data / f"lake/out/.tickhouse/{verb}.lock"
    first = store.start(verb, source, "s3://lake/out")
    try:
        deadline = time.monotonic() + 60
        while not lock.exists() and first.poll() is None and time.monotonic() < deadline:
            time.sleep(0.001)
        first.send_signal(signal.SIGSTOP)
        assert first.poll() is None and lock.exists(), "the first run ended too soon to be met"
        second = store.run(verb, source, "s3://lake/out")
        assert second.returncode != 0 and f"process {first.pid}" in second.stderr
    finally:
        first.send_signal(signal.SIGCONT)
        said = first.communicate(timeout=120)[1]
    assert first.returncode == 0, said
    assert parquet_below(store.data / "lake/out") and not lock.exists()


def test_a_refused_or_missing_store_is_said_clearly(store, tmp_path):
    wrong = store.run("scan", "s3://lake/ticks", AWS_SECRET_ACCESS_KEY="wrong")
    assert wrong.returncode != 0 and "AWS_SECRET_ACCESS_KEY" in wrong.stderr
    unset = store.run("scan", "s3://lake/ticks", AWS_ACCESS_KEY_ID="")
    assert unset.returncode == 2 and "AWS_ACCESS_KEY_ID is not set" in unset.stderr
    missing = store.run("scan", "s3://nobody/ticks")
    assert missing.returncode != 0 and "NoSuchBucket" in missing.stderr
