"""A whole project's life on one machine: a local AWS, the people's steps in their order, and what came of it."""
