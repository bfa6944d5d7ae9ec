"""A Docker engine for one build: the engine's API comes in on a socket of its own, the machine's engine does the work.

To a build, ECR has its real names and its own files have their paths in the build's container. What the machine's
engine cannot know of that is put right here: `engine_proxy` serves the socket, `translations` says what is changed.
"""
