"""Resource providers: how each type is made, changed and deleted through the API of its service."""
