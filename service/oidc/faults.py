"""How signing in with an identity provider can end badly; causes are for our log."""


class ProviderAwayError(Exception):
    """The provider cannot be used now: silent, slow, or not what it should be.

    Attributes:
        cause: What happened, in one word.
    """

    def __init__(self, cause: str) -> None:
        super().__init__(cause)
        self.cause = cause


class NotProvenError(Exception):
    """What came back does not prove who somebody is.

    Attributes:
        cause: What did not fit, in one word.
    """

    def __init__(self, cause: str) -> None:
        super().__init__(cause)
        self.cause = cause


class NobodyError(Exception):
    """It is proven, and names nobody whom we could tell from others.

    The message is for the person, and says what is missing.
    """
