"""An AWS stand-in that executes: moto's control plane, and behind it real builds, jobs, functions and endpoints."""
