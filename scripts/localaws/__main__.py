"""``python -m localaws``: hands over to the command line."""

from localaws.cli import main

main()
