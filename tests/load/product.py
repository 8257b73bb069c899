"""The product as a stranger starts it, in a process of its own, stopped by its own signal."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
READY = re.compile(r"ready at (http://\S+)")


@contextmanager
def running() -> Iterator[str]:
    """Answers the address once ``/ready`` did."""
    data = Path(os.environ["AFTERSALES_DATA"])
    data.mkdir(parents=True, exist_ok=True)
    log = (data / "load.log").open("w+")
    command = [sys.executable, "manage.py", "stack", "--demo"]
    child = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=log, text=True)
    try:
        assert child.stdout
        for line in child.stdout:
            print(f"  {line.rstrip()}", flush=True)
            if found := READY.search(line):
                yield found[1]
                return
        raise SystemExit(f"The product did not start; see {log.name}.")
    finally:
        child.send_signal(signal.SIGINT)
        child.wait(60)
        log.close()
