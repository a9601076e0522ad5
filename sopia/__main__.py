"""`python -m sopia`, the same as the command `sopia`."""

from core.cli import main

main()
