"""What one server is: where it lives and how it is made, started and asked. Travels to the keeper as JSON."""

import json
from dataclasses import asdict, dataclass, field


@dataclass(frozen=True)
class Spec:
    """``{data}`` and ``{bin}`` in the arguments stand for the folders that the chosen identity can use."""

    kind: str  # postgres | valkey: which question tells that it is ready
    folder: str  # leases, log and (normally) the data
    socket_folder: str
    socket_file: str
    binaries: str
    program: str  # name of the executable, to recognise leftovers
    command: list[str]
    create: list[str] = field(default_factory=list)  # run once; `marker` in the data folder says it was
    marker: str = ""
    stop_signal: int = 15
    kill_signal: int = 9
    refuses_root: bool = False
    libraries: str = ""  # folder that must stay beside copied binaries

    @property
    def socket(self) -> str:
        return f"{self.socket_folder}/{self.socket_file}"

    def dump(self) -> str:
        return json.dumps(asdict(self))


def load(text: str) -> Spec:
    return Spec(**json.loads(text))
