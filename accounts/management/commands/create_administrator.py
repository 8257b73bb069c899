"""``create_administrator NAME``: the first account of an installation; asks for the password on the terminal."""

import getpass
import sys
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from accounts import services
from accounts.states import Role
from aftersales.core import origin
from aftersales.core.errors import DomainError


class Command(BaseCommand):
    help = "Create an administrator. The password is asked for, or read from standard input with --stdin."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--name", default="", help="name shown to colleagues; the user name by default")
        parser.add_argument("--email", default="")
        parser.add_argument("--stdin", action="store_true", help="read the password from standard input")

    def handle(self, *args: Any, **options: Any) -> None:
        password = sys.stdin.readline().rstrip("\n") if options["stdin"] else getpass.getpass()
        try:
            validate_password(password)
            with origin.coming_from("command"):
                self._create(options, password)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        except DomainError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"Administrator {options['username']} is ready to sign in.")

    def _create(self, options: dict[str, Any], password: str) -> None:
        now = timezone.now()
        services.user_create(
            username=options["username"], display_name=options["name"] or options["username"],
            email=options["email"], roles=[Role.ADMINISTRATOR], password=password,
            actor=services.system_user(now=now), now=now,
        )  # fmt: skip
