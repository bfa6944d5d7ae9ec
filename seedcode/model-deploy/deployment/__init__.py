"""What the deploy pipeline's builds run: resolve the model, render both stages, report on the stage's tests."""
