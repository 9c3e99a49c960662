"""The button that opens the bucket or object a task worked on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, cast

from airflow.sdk import BaseOperatorLink

if TYPE_CHECKING:
    from airflow.sdk import BaseOperator
    from airflow.sdk.types import TaskInstanceKey


class HasConsoleUrl(Protocol):
    """An operator that knows the page of its bucket or object."""

    def console_url(self) -> str:
        """Return the page's address; "" where the target is not known."""


class S3ConsoleLink(BaseOperatorLink):
    """The AWS console's page, or the endpoint's address for other servers.

    Airflow asks for it in the worker when the task has ended, failed ones included, so it is made from the
    operator's rendered fields and not from a result.
    """

    @property
    def name(self) -> str:
        """Return the button's text."""
        return "S3 console"

    @property
    def xcom_key(self) -> str:
        """Return where Airflow keeps the link of a finished task."""
        return "_link_s3_console"

    def get_link(self, operator: BaseOperator, *, ti_key: TaskInstanceKey) -> str:  # noqa: ARG002 - Airflow's signature
        """Return the page's address."""
        return cast("HasConsoleUrl", operator).console_url()
