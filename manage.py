#!/usr/bin/env python
"""Every command of the project. Without DATABASE_URL the embedded PostgreSQL is started and shared."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aftersales.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
