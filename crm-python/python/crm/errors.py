"""The exceptions of the library. Each has a `code`, the same in every language, and says whether to try again."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from . import _crm

if TYPE_CHECKING:
    from ._crm import Violation

__all__ = [
    "ClosedError",
    "ConflictError",
    "CrmError",
    "CrmTimeoutError",
    "DenialReason",
    "InternalError",
    "InvalidCredentialsError",
    "MissingReferenceError",
    "NotFoundError",
    "PermissionDeniedError",
    "SchemaError",
    "SerializationError",
    "UnavailableError",
    "ValidationError",
]


class CrmError(Exception):
    """Is what every error of the library derives from. Messages never hold a password, a hash or a URL's secret."""

    code: ClassVar[str]
    """Names the kind of the error, the same in every language; a program decides by it."""

    status: ClassVar[int]
    """The HTTP status with which a service answers this error. The messages of statuses from 500 on are for the log."""

    outcome_unknown: bool = False
    """Whether a write or a commit may have been applied all the same: only a CrmTimeoutError or an UnavailableError says so."""

    def __init_subclass__(cls, **options: object) -> None:
        super().__init_subclass__(**options)
        if "code" in cls.__dict__:
            cls.status = _crm._status(cls.code)

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message

    @property
    def retryable(self) -> bool:
        """Whether the same call may succeed when it is made again, without doing anything twice."""
        return False

    def __reduce__(self) -> tuple[object, ...]:
        return _restore, (type(self), self.args, self.__dict__)


def _restore(cls: type[CrmError], args: tuple[object, ...], fields: dict[str, object]) -> CrmError:
    error = cls.__new__(cls)
    error.args = args
    error.__dict__.update(fields)
    return error


class ValidationError(CrmError, ValueError):
    """The input breaks rules: `violations` lists all of them."""

    code = "validation"

    def __init__(self, message: str, *, violations: tuple[Violation, ...] = ()) -> None:
        super().__init__(message)
        self.violations = violations


class NotFoundError(CrmError, LookupError):
    """There is no `entity` with this `id`."""

    code = "not_found"

    def __init__(self, message: str, *, entity: str, id: int) -> None:
        super().__init__(message)
        self.entity = entity
        self.id = id


class ConflictError(CrmError):
    """The value of `field` is taken, or the row has changed and is at `current_version` now."""

    code = "conflict"

    def __init__(self, message: str, *, field: str | None = None, current_version: int | None = None) -> None:
        super().__init__(message)
        self.field = field
        self.current_version = current_version


class MissingReferenceError(CrmError):
    """The `field` refers to a row that does not exist."""

    code = "missing_reference"

    def __init__(self, message: str, *, field: str) -> None:
        super().__init__(message)
        self.field = field


DenialReason = Literal["role", "row", "actor", "trusted_only"]
"""The reason of a `PermissionDeniedError`: the actor's role does not allow this; the role allows this to the actor's own rows only, and
the row is another's; the actor is deactivated or does
not exist; only the trusted system may do this or give this field."""


class PermissionDeniedError(CrmError, PermissionError):
    """The actor may not do this: `reason` says why, and `field` which field, where the refusal is about one."""

    code = "permission_denied"

    def __init__(self, message: str, *, reason: DenialReason, field: str | None = None) -> None:
        super().__init__(message)
        self.reason = reason
        self.field = field


class InvalidCredentialsError(CrmError):
    """Email or password is wrong; which of them is not said."""

    code = "invalid_credentials"


class _OutcomeError(CrmError):
    def __init__(self, message: str, *, outcome_unknown: bool = False) -> None:
        super().__init__(message)
        self.outcome_unknown = outcome_unknown

    @property
    def retryable(self) -> bool:
        return not self.outcome_unknown


class CrmTimeoutError(_OutcomeError, TimeoutError):
    """There was no connection, or no answer, within the time allowed."""

    code = "timeout"


class UnavailableError(_OutcomeError, ConnectionError):
    """The server cannot be reached, refuses the login, or the connection was lost."""

    code = "unavailable"

    _refused = False
    """Whether the server refuses the login, which it does again until somebody changes that."""

    @property
    def retryable(self) -> bool:
        return not self.outcome_unknown and not self._refused


class SerializationError(CrmError):
    """The transaction lost against a concurrent one and can be run again."""

    code = "serialization"

    @property
    def retryable(self) -> bool:
        return True


class SchemaError(CrmError):
    """The database is not migrated, or by a newer library."""

    code = "schema"


class ClosedError(CrmError):
    """The handle or the transaction is finished, or belongs to the process from which this one was forked."""

    code = "closed"


class InternalError(CrmError):
    """The library has a bug; what it came from is the exception's cause."""

    code = "internal"
