"""Settings of the measurements: those of the tests, on a server of their own, with the product's cache."""

import os
from pathlib import Path

os.environ.setdefault("AFTERSALES_DATA", str(Path(__file__).resolve().parents[2] / ".data" / "bench"))

from aftersales.settings import CACHES  # noqa: E402, F401, I001 - the database cache, not the one of the tests
from tests.settings import *  # noqa: E402, F403
from tests.settings import INSTALLED_APPS as TESTED  # noqa: E402

INSTALLED_APPS = [*TESTED, "tests.bench.floor"]
FIGURES_SECONDS = 60  # as in the product
