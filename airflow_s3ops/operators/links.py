"""The extra link of a task: a button that opens the task's bucket or object."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, cast

from airflow.sdk import BaseOperatorLink

if TYPE_CHECKING:
    from airflow.sdk import BaseOperator
    from airflow.sdk.types import TaskInstanceKey


class HasConsoleUrl(Protocol):
    """An operator with a page for its bucket or object."""

    def console_url(self) -> str:
        """Return the page's URL; "" if the target is not known."""


class S3ConsoleLink(BaseOperatorLink):
    """The page in the AWS console; for other servers, the object's address at the endpoint.

    Airflow calls it in the worker when the task has ended, also after a failure. So the link is made from
    the operator's rendered fields and not from a result.
    """

    @property
    def name(self) -> str:
        """Return the button's text."""
        return "S3 console"

    @property
    def xcom_key(self) -> str:
        """Return the XCom key under which Airflow stores the link of a finished task."""
        return "_link_s3_console"

    def get_link(self, operator: BaseOperator, *, ti_key: TaskInstanceKey) -> str:  # noqa: ARG002 - Airflow's signature
        """Return the page's URL."""
        return cast("HasConsoleUrl", operator).console_url()
