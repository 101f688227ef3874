"""The REST API under /api/v1: what pages show and do, for programs with a token (ADR 70).

A module a resource: models of what comes in and goes out, and operations that call one service
each. `operations.py` makes a view an operation, `registering.py` lists the modules.
"""
