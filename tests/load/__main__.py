"""``python -m tests.load [--agents 50] [--seconds 120]``: a day's crowd on this machine.

Starts a whole product in a data folder of its own, lets one person work alone, then fifty at once, each listing,
opening, replying and moving every ten seconds, and counts afterwards: every answered act stands in the event log once,
none twice. Exit 1 when an act is lost or doubled, or when a page is more than four times as slow as for one person.
"""

import argparse
import os
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACE = 10.0  # seconds between two rounds of one agent
ALONE = 30.0  # seconds the single person works
WORST = 4.0  # times as slow as alone, at the 95th percentile


def main() -> int:
    wanted = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    wanted.add_argument("--agents", type=int, default=50)
    wanted.add_argument("--seconds", type=float, default=120.0)
    options = wanted.parse_args()
    os.environ["AFTERSALES_DATA"] = str(ROOT / ".data" / "load")
    os.environ["DJANGO_SETTINGS_MODULE"] = "aftersales.settings"
    from tests.load import product

    with product.running() as address:
        import django

        django.setup()
        from django.utils import timezone

        from tests.load import crowd, verdict, world

        people = world.people(options.agents)
        print(f"{len(people)} agents, {world.TICKETS_EACH} tickets each; alone for {ALONE:.0f} s", flush=True)
        since = timezone.now()
        alone = crowd.work(address, people[:1], seconds=ALONE, pace=1.0)
        print(f"together for {options.seconds:.0f} s", flush=True)
        together = crowd.work(address, people, seconds=options.seconds, pace=PACE)
        time.sleep(world.settle())
        return verdict.tell(alone, together, since=since, worst=WORST)


if __name__ == "__main__":
    sys.exit(main())
