"""A failure that says what went wrong and what to do about it."""


class Failure(Exception):
    """Ends the command with a cause and a remedy instead of a stack trace."""

    def __init__(self, cause: str, remedy: str):
        super().__init__(cause)
        self.cause = cause
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.cause}\n  remedy: {self.remedy}"
