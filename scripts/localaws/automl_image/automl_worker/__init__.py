"""What runs in the AutoML image: a search for models of a table, and a server for one of them."""
