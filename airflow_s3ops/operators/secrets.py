"""Register secrets in parameters with Airflow, so that logs and rendered fields show ``***``."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Mapping
from typing import Any

# PutObject's customer-provided encryption keys: Airflow masks names such as "password", but not these.
_SECRET_ARGS = ("SSECustomerKey", "CopySourceSSECustomerKey")

# The password: what is between the user's name and the last "@" of a URL's authority.
_PASSWORD = re.compile(r"//[^/:@]*:([^/]*)@")


def mask_secrets(parameters: Mapping[str, Any] | None) -> None:
    """Register the secret values of ``extra_args`` or ``botocore_config`` with Airflow's masker.

    :param parameters: the rendered value; if it is not a mapping, another check refuses it later.
    """
    if not isinstance(parameters, Mapping):
        return
    from airflow.sdk.log import mask_secret

    for secret in (*_customer_keys(parameters), *_proxy_passwords(parameters)):
        mask_secret(secret)


def _customer_keys(parameters: Mapping[str, Any]) -> list[str]:
    values = (parameters.get(name) for name in _SECRET_ARGS)
    return [form for value in values if value for form in _forms(value)]


def _forms(key: Any) -> tuple[str, str]:
    """Return a key as Airflow renders it (bytes with their escapes), and as a request header holds it."""
    text = repr(key)[2:-1] if isinstance(key, bytes) else str(key)
    return text, b64encode(key if isinstance(key, bytes) else text.encode()).decode()


def _proxy_passwords(parameters: Mapping[str, Any]) -> list[str]:
    proxies = parameters.get("proxies")
    urls = proxies.values() if isinstance(proxies, Mapping) else ()
    return [password for url in urls for password in _PASSWORD.findall(str(url)) if password]
