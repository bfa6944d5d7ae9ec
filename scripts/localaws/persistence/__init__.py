"""State that outlives the server: written to the data folder while it runs, read when it starts again.

`graph` turns objects into a document and back, `snapshots` decides when one is written and by whom, `recovery` ends
in words what ran when the power went.
"""
