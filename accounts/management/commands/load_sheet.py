"""``manage.py load_sheet SHEET FILE``: the pages' import from a terminal or a scheduler; answers one JSON line."""

import json
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from accounts.models import User
from accounts.services import system_user
from aftersales.core import origin
from aftersales.core.errors import DomainError
from aftersales.core.sheets import errorfile, resource, services
from aftersales.core.sheets.models import SheetUpload, UploadState
from aftersales.core.sheets.problems import FileRefused

DONE, ROWS_REFUSED, FILE_REFUSED = 0, 1, 2
BLOCK = 1 << 20


class Command(BaseCommand):
    """Exit code 0: everything is loaded; 1: some rows were refused (see errors_file); 2: the file was refused."""

    help = __doc__ or ""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("sheet", help=", ".join(found.sheet for found in resource.registered()))
        parser.add_argument("file", type=Path)
        parser.add_argument("--profile", default="", help="column profile, such as olist or tmall")
        parser.add_argument("--merchant", default="", help="merchant code, for profiles that ask for one")
        parser.add_argument("--dry-run", action="store_true", help="check and compare only")
        parser.add_argument("--as", dest="user", default="", help="user name; the system account by default")

    def handle(self, *args: Any, **options: Any) -> None:
        with origin.coming_from("command"):
            try:
                answer, code = load(options)
            except DomainError as refusal:
                answer, code = _refused(refusal), FILE_REFUSED
            except (LookupError, OSError) as error:
                answer, code = {"refused_file": {"code": "arguments", "reason": str(error)}}, FILE_REFUSED
        self.stdout.write(json.dumps(answer, ensure_ascii=False))
        if code:
            raise SystemExit(code)


def load(options: dict[str, Any]) -> tuple[dict[str, Any], int]:
    """Receive, check and apply as one person; answers what is printed and the exit code."""
    now, sheet, profile, actor = timezone.now(), options["sheet"], options["profile"], _actor(options["user"])
    chosen = services.choices(
        sheet=sheet, profile=profile, given={"merchant": options["merchant"]}, actor=actor
    )
    upload = services.receive(
        sheet=sheet,
        name=options["file"].name,
        chunks=_blocks(options["file"]),
        actor=actor,
        now=now,
        profile=profile,
        options=chosen,
    )
    services.check(upload=upload, now=now)
    if upload.state == UploadState.REFUSED:
        english = upload.problem["en"]
        return {
            "refused_file": {"code": upload.problem["code"], "reason": english[0], "remedy": english[1]}
        }, FILE_REFUSED
    if not options["dry_run"]:
        _apply(upload)
    return _answer(upload, dry_run=options["dry_run"])


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as stream:
        while block := stream.read(BLOCK):
            yield block


def _actor(name: str) -> User:
    if not name:
        return system_user(timezone.now())
    found = User.objects.filter(username=name, is_active=True).first()
    if found is None:
        raise LookupError(f"There is no active user {name}.")
    return found


def _apply(upload: SheetUpload) -> None:
    """Confirm, then do the job here instead of waiting for a worker; a worker that was faster is as good."""
    now = timezone.now()
    services.confirm(upload=upload, actor=upload.owner, now=now)
    services.apply(upload=upload, now=now)


def _answer(upload: SheetUpload, *, dry_run: bool) -> tuple[dict[str, Any], int]:
    refused = upload.count("refused") + upload.count("conflict")
    path = ""
    if refused:
        place = services.folder() / f"{upload.public_id}-errors.csv"
        path = str(errorfile.save(services.plan_of(upload, now=timezone.now()), upload, place))
    if dry_run:
        services.cancel(upload=upload, actor=upload.owner, now=timezone.now())
    counts = {
        "read": upload.count("read"),
        "created": upload.count("new"),
        "updated": upload.count("changed"),
        "unchanged": upload.count("same"),
        "refused": refused,
        "errors_file": path,
    }
    return counts | ({"dry_run": True} if dry_run else {}), ROWS_REFUSED if refused else DONE


def _refused(refusal: DomainError) -> dict[str, Any]:
    remedy = refusal.remedy if isinstance(refusal, FileRefused) else ""
    return {"refused_file": {"code": refusal.code, "reason": str(refusal), "remedy": remedy}}
