"""Links to a bucket or an object for a browser: the AWS console, or the server's own address."""

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
    """Return the URL of a page about a bucket, or about an object in it.

    :param key: None means the bucket; a key that ends with ``/`` opens the folder of that name.
    :param region_name: the bucket's region. It determines the console: of AWS, AWS China or GovCloud.
    :param endpoint_url: the endpoint of a server that is not AWS. The link is then the object's address on
        that server, because the addresses of its web pages are not known.
    """
    if endpoint_url and not is_aws(endpoint_url):
        return "/".join((without_login(endpoint_url).rstrip("/"), bucket, *([quote(key)] if key else [])))
    consoles = (page for start, page in _CONSOLES.items() if (region_name or "").startswith(start))
    console = next(consoles, "https://console.aws.amazon.com")
    page = "object" if key and not key.endswith("/") else "buckets"
    query = urlencode({k: v for k, v in {"region": region_name, "prefix": key}.items() if v})
    return f"{console}/s3/{page}/{bucket}" + (f"?{query}" if query else "")
