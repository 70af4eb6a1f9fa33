"""What the tests of a served lakehouse start: PostgreSQL and `tickhouse lake serve`. Ended by their process ids."""
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

BIN = os.environ.get("TICKHOUSE_BIN", "build/release/bin/tickhouse")


def plain_environment(**changes):
    """Without the settings of this machine's user."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "PG", "TICKHOUSE_REST", "TICKHOUSE_S3"))}
    return kept | {"no_proxy": "127.0.0.1", "NO_PROXY": "127.0.0.1"} | changes


def run(folder, *words, code=0, **environment):
    done = subprocess.run([BIN, *map(str, words)], cwd=folder, capture_output=True, text=True, timeout=300,
                          env=plain_environment(**environment))
    assert done.returncode == code, f"{words}: {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def postgres_programs():
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return found[-1].parent if found else None


class Postgres:
    """A cluster of its own; refuses to run as root, so user postgres runs it then."""

    def __init__(self):
        self.programs = postgres_programs()
        self.folder = Path(tempfile.mkdtemp(prefix="tickhouse-pg-"))
        self.who = {}
        if os.geteuid() == 0:
            user = pwd.getpwnam("postgres")
            os.chown(self.folder, user.pw_uid, user.pw_gid)
            self.who = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        self.databases = 0
        self.process = None
        subprocess.run([self.programs / "initdb", "-D", self.folder / "data", "-A", "trust", "-U", "postgres", "-N"],
                       check=True, stdout=subprocess.DEVNULL, cwd="/", **self.who)
        for _ in range(10):  # Somebody may take the free port first.
            self.port = free_port()
            self.process = subprocess.Popen(
                [self.programs / "postgres", "-D", self.folder / "data", "-p", str(self.port), "-c",
                 "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", "fsync=off"],
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/", **self.who)
            if self.comes_up():
                return
            self.stop_process()
        raise RuntimeError("postgres does not come up")

    def psql(self, database, statement):
        return subprocess.run([self.programs / "psql", "-q", "-A", "-t", "-h", "127.0.0.1", "-p", str(self.port), "-U",
                               "postgres", "-d", database, "-c", statement], capture_output=True, text=True,
                              env=plain_environment())

    def comes_up(self):
        for _ in range(600):
            if self.process.poll() is not None:
                return False
            if self.psql("postgres", "SELECT 1").returncode == 0:
                return True
            time.sleep(0.05)
        return False

    def new_database(self):
        self.databases += 1
        name = f"lake{self.databases}"
        done = self.psql("postgres", f"CREATE DATABASE {name}")
        assert done.returncode == 0, done.stderr
        return name

    def rows(self, database, statement):
        """Lines of values with | between, sorted."""
        done = self.psql(database, statement)
        assert done.returncode == 0, done.stderr
        return sorted(done.stdout.splitlines())

    def uri(self, database):
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    def stop_process(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGQUIT)  # At once: the data are thrown away.
            self.process.wait(timeout=60)

    def stop(self):
        self.stop_process()
        shutil.rmtree(self.folder, ignore_errors=True)


class Served:
    """`tickhouse lake serve` over the workspace `folder`/lakehouse."""

    def __init__(self, folder, *words, port=0, **environment):
        scratch = Path(tempfile.mkdtemp(prefix="serve-", dir=folder))
        self.port_file, self.log_file = scratch / "port", scratch / "log"
        with open(self.log_file, "w") as log:
            self.process = subprocess.Popen(
                [BIN, "lake", "serve", "--port", str(port), "--port-file", str(self.port_file), "-v", *map(str, words)],
                cwd=folder, stdout=log, stderr=log, env=plain_environment(**environment))
        for _ in range(1200):
            if self.port_file.exists():
                break
            assert self.process.poll() is None, self.said()
            time.sleep(0.025)
        self.uri = f"http://127.0.0.1:{int(self.port_file.read_text())}"

    def said(self):
        return self.log_file.read_text()

    def stop(self):
        """The exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        return self.process.wait(timeout=60)
