"""What localaws does of AWS, as a page: `python -m localaws.fidelity docs/fidelity.md`."""
