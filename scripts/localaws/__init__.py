"""An AWS stand-in that executes: moto plans, and behind it real builds, jobs, functions and endpoints run."""
