#!/usr/bin/env python
"""Every command of the project. Without DATABASE_URL the embedded PostgreSQL is started and shared."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aftersales.settings")
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    from aftersales.core import embedded

    try:
        embedded.ready_for(sys.argv[1] if len(sys.argv) > 1 else "")
        execute_from_command_line(sys.argv)
    except (embedded.CannotServe, ImproperlyConfigured) as error:
        sys.exit(f"Error: {error}")


if __name__ == "__main__":
    main()
