"""`python -m mlpipelines`: arguments in, the command line's exit code out."""

import sys

from mlpipelines.command_line import main

sys.exit(main())
