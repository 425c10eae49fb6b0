"""The version of the package, as pyproject.toml has it. To ask importlib.metadata takes longer than a command."""

VERSION = "0.2.0"
