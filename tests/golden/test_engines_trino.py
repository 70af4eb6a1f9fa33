"""What `sql --engine trino` is made of, tested against a real Trino: the tests of the room that need one."""
import subprocess
import sys
import xml.etree.ElementTree as xml
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from lake_peers import peer_program  # noqa: E402
from lake_services import plain_environment  # noqa: E402

pytestmark = pytest.mark.slow


def test_our_client_passes_its_tests_against_it(trino, tmp_path):
    report = tmp_path / "report.xml"
    done = subprocess.run([peer_program("sql_trino_test", "src/tickhouse/sql/trino"), f"--gtest_output=xml:{report}"], capture_output=True,
                          text=True, timeout=300, env=plain_environment(TICKHOUSE_TEST_TRINO=trino.url))
    assert done.returncode == 0, done.stdout[-6000:]
    cases = list(xml.parse(report).getroot().iter("testcase"))
    skipped = [case.get("name") for case in cases if case.find("skipped") is not None]
    real = [case for case in cases if "RealTrino" in case.get("classname") or "Contract" in case.get("classname")]
    assert not skipped and len(real) > 10
