"""What can break is broken on purpose in a local AWS; what the user saw and how it recovered is written down."""
