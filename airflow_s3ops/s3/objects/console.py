"""Where a person looks at a bucket or an object: AWS' console, or the server's own address."""

from __future__ import annotations

from urllib.parse import quote, urlencode

from airflow_s3ops.s3.requests.endpoint import is_aws, without_login

_CONSOLES = {
    "cn-": "https://console.amazonaws.cn",
    "us-gov-": "https://console.amazonaws-us-gov.com",
}


def console_url(
    bucket: str, key: str | None = None, *, region_name: str | None = None, endpoint_url: str | None = None
) -> str:
    """Return a page about a bucket, or about an object of it.

    :param key: None means the bucket; a key that ends with ``/`` is shown as the folder it stands for.
    :param region_name: the bucket's region, which chooses the console of AWS, AWS China or GovCloud.
    :param endpoint_url: of a server that is not AWS; its own address is all that can be known of its pages.
    """
    if endpoint_url and not is_aws(endpoint_url):
        return "/".join((without_login(endpoint_url).rstrip("/"), bucket, *([quote(key)] if key else [])))
    consoles = (page for start, page in _CONSOLES.items() if (region_name or "").startswith(start))
    console = next(consoles, "https://console.aws.amazon.com")
    page = "object" if key and not key.endswith("/") else "buckets"
    query = urlencode({k: v for k, v in {"region": region_name, "prefix": key}.items() if v})
    return f"{console}/s3/{page}/{bucket}" + (f"?{query}" if query else "")
