"""`python -m localaws.fidelity FILE`: writes the page."""

import sys
from pathlib import Path

from localaws.fidelity.markdown_page import written_page
from localaws.server import application

application()
Path(sys.argv[1]).write_text(written_page())
