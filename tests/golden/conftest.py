"""Servers that tests of a whole run share: each starts when a test first asks for it, and ends with the run."""
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
import lake_engines  # noqa: E402
from lake_services import Postgres, postgres_programs  # noqa: E402


@pytest.fixture(scope="session")
def lakehouse(tmp_path_factory):
    """Ours on PostgreSQL and S3."""
    if postgres_programs() is None or not lake_engines.SERVER.exists():
        pytest.skip("PostgreSQL or versitygw is not installed (tools/setup.sh test)")
    postgres = Postgres()
    made = None
    try:
        made = lake_engines.Lakehouse(tmp_path_factory.mktemp("lake"), postgres)
        yield made
    finally:
        if made:
            made.stop()
        postgres.stop()


@pytest.fixture(scope="session")
def trino(lakehouse, tmp_path_factory):
    if lake_engines.missing_for_trino():
        pytest.skip(lake_engines.missing_for_trino())
    server = lake_engines.Trino(tmp_path_factory.mktemp("trino"), lakehouse.settings())
    yield server
    server.stop()


@pytest.fixture(scope="session")
def spark(lakehouse, tmp_path_factory):
    if lake_engines.missing_for_spark():
        pytest.skip(lake_engines.missing_for_spark())
    session = lake_engines.Spark(tmp_path_factory.mktemp("spark"), lakehouse.settings())
    yield session
    session.stop()
