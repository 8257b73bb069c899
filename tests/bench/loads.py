"""Sheets: what :mod:`tests.bench.sheets` measures, in a clone."""

from collections.abc import Iterator

from tests.bench.data import Sets, copy_of
from tests.bench.measure import Result


def measure(sets: Sets, _effort: int) -> Iterator[Result]:
    try:
        from tests.bench import sheets
    except ImportError:
        print("  sheets: nothing to measure")
        return
    with copy_of(sets.base):
        for found in sheets.measure():
            yield Result(
                found["name"], found["subject_seconds"] * 1000, found["floor_seconds"] * 1000, found["ratio"],
                found["bar"], timed="MiB" not in found["name"],
            )  # fmt: skip
