"""Two models in one pipeline: a PCA of the customers' numbers, and a model of its components."""
