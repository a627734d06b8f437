"""The one exception of the model: something AWS offers and localcloud does not model."""


class UnsupportedResource(Exception):  # noqa: N818  the name says what happened, as AWS's codes do
    """A resource or setting that localcloud does not model; refused loudly, never skipped.

    Attributes:
        resource: What was met, in AWS's words, with its identifier.
        reason: Why it is refused.
        remedy: What to do instead.
    """

    def __init__(self, resource: str, *, reason: str, remedy: str = "remove it or test it on AWS") -> None:
        super().__init__(f"{resource}: {reason}; {remedy}")
        self.resource = resource
        self.reason = reason
        self.remedy = remedy
