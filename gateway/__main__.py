"""`python -m gateway` is `teamline`."""

from gateway.cli import main

main(prog_name="teamline")
