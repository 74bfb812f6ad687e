"""`python -m connector` is `om-fsm`."""

from connector.cli import main

main()
