"""Runs in the stand-ins of AWS's Deep Learning Containers: what SageMaker gives in, the user's script run."""
