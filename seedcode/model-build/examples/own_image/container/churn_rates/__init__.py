"""A baseline that a better model must beat: how many customers of each state leave."""
