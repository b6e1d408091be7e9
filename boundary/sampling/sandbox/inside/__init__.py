"""What runs inside the sandbox: these modules use the standard library alone, and each other.

talk.py is how two sides speak over a pipe, program.py loads a program and calls its functions, checks.py runs tests
that are code against it.
"""
