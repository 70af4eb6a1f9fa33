"""The command line as scripts rely on it: exit codes, streams, the configuration file, JSON."""
import json
import os
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = os.environ.get("TICKHOUSE_BIN", str(ROOT / "build/release/bin/tickhouse"))


def run(*words, cwd=None, **options):
    return subprocess.run([BIN, *map(str, words)], capture_output=True, text=True, cwd=cwd, **options)


def generate(out, *words, **options):
    return run("generate", "--symbol", "EURUSD", "--rows", "2000", "--days", "1", "--seed", "7",
               "--out", out, *words, **options)


def test_help_and_version_end_with_zero():
    for words in (["--help"], ["--version"], ["convert", "--help"]):
        assert run(*words).returncode == 0


def test_wrong_usage_ends_with_two_and_says_so_on_stderr():
    for words in ([], ["nonsense"], ["convert"], ["generate", "--rows", "many"], ["--threads", "0", "scan", "."]):
        done = run(*words)
        assert done.returncode == 2, words
        assert done.stderr and not done.stdout


def test_json_is_one_document_on_stdout_and_options_may_follow_the_verb(tmp_path):
    done = generate(tmp_path / "raw", "--json")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["command"] == "generate"
    assert document["problems"] == []
    assert document["counts"]["rows"] > 0


def test_a_failure_is_json_too_and_named_on_stderr(tmp_path):
    done = run("scan", tmp_path / "nothing-here", "--json")
    assert done.returncode != 0
    assert json.loads(done.stdout)["error"]["kind"] == "not-found"
    assert "nothing-here" in done.stderr


def test_the_configuration_file_supplies_options(tmp_path):
    (tmp_path / "tickhouse.toml").write_text('json = true\n[generate]\nsymbol = "GBPJPY"\nrows = 1500\n')
    done = run("generate", "--days", "1", "--seed", "7", "--out", "raw", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "GBPJPY" in "".join(json.loads(done.stdout)["outputs"])


def test_an_unknown_key_of_the_configuration_file_is_refused(tmp_path):
    (tmp_path / "other.toml").write_text("[generate]\nnonsense = 3\n")
    done = generate("raw", "--config", "other.toml", cwd=tmp_path)
    assert done.returncode == 2
    assert "nonsense" in done.stderr


def test_a_named_configuration_file_must_exist(tmp_path):
    done = generate("raw", "--config", "missing.toml", cwd=tmp_path)
    assert done.returncode == 2
    assert "missing.toml" in done.stderr


def test_a_full_standard_output_is_not_success(tmp_path):
    if not os.path.exists("/dev/full"):
        return
    with open("/dev/full", "w") as full:
        done = subprocess.run([BIN, "generate", "--symbol", "EURUSD", "--days", "1", "--rows", "100", "--seed", "1",
                               "--out", str(tmp_path / "raw"), "--json"], stdout=full, stderr=subprocess.PIPE)
    assert done.returncode != 0


def test_quiet_says_nothing_on_stderr(tmp_path):
    done = generate(tmp_path / "raw", "-q")
    assert done.returncode == 0
    assert done.stderr == ""


def test_a_missing_tz_database_is_told_with_the_way_out(tmp_path):
    """It used to end in an abort: calendars took the database for granted."""
    environment = {**os.environ, "TZDIR": str(tmp_path / "nothing")}
    (tmp_path / "in").mkdir()
    for words in (
        ["generate", "--symbol", "EURUSD", "--days", "1", "--out", tmp_path / "a"],
        ["clean", tmp_path / "in", tmp_path / "b", "--zone", "America/New_York"],
        ["scan", tmp_path / "in"],
        ["fetch", "EURUSD", "--from", "2024-01-02", "--to", "2024-01-03", "--out", tmp_path / "c"],
    ):
        done = run(*words, env=environment)
        assert done.returncode == 3, (words, done.stderr)
        assert "tzdata" in done.stderr
    done = run("clean", tmp_path / "in", tmp_path / "b", "--zone", "UTC+2", env=environment)
    assert "no .parquet file" in done.stderr, "a fixed zone needs no database"
