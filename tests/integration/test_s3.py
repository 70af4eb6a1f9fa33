"""Commands on s3:// paths, against a real S3 server: the same bytes out as from the local disk.

The Versity gateway shows a folder as a store: a folder below its root is a bucket, a file an object. So the test
puts inputs there as files and reads outputs back as files, and only the program under test speaks S3.
"""
import os
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

    def run(self, *words, **changes):
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "TICKHOUSE_S3"))}
        environment |= KEYS | {"AWS_ENDPOINT_URL": self.url, "no_proxy": "127.0.0.1"} | changes
        return subprocess.run([BIN, *map(str, words)], capture_output=True, text=True, env=environment, timeout=300)


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


def parquet_below(folder):
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*.parquet"))}


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


def test_a_refused_or_missing_store_is_said_clearly(store, tmp_path):
    wrong = store.run("scan", "s3://lake/ticks", AWS_SECRET_ACCESS_KEY="wrong")
    assert wrong.returncode != 0 and "AWS_SECRET_ACCESS_KEY" in wrong.stderr
    unset = store.run("scan", "s3://lake/ticks", AWS_ACCESS_KEY_ID="")
    assert unset.returncode == 2 and "AWS_ACCESS_KEY_ID is not set" in unset.stderr
    missing = store.run("scan", "s3://nobody/ticks")
    assert missing.returncode != 0 and "NoSuchBucket" in missing.stderr
