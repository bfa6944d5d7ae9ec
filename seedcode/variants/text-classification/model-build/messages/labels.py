"""What a message is called, and the columns of its data file."""

from __future__ import annotations

LABELS = ("other", "complaint")
"""In the order of the model's classes: a score is how sure it is of the second."""
COLUMNS = ("text", "label")
