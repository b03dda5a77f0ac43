"""The address of a server, read before anybody is asked there."""

from urllib.parse import urlsplit


def fault_of(url: str) -> str | None:
    """Say which part of an address is wrong and what it is to be; None where it can be asked."""
    host = url.partition("://")[2].partition("/")[0]
    if not url.isprintable() or " " in url:
        return f"{url!r} has a space in it, or a letter that is not printed: write it as %20"
    try:
        parts = urlsplit(url)
        parts.port      # noqa: B018  reading it looks at it
    except ValueError:
        return f"{host!r} in {url} {fault_of_host(host)}"
    if parts.scheme not in ("http", "https"):
        return f"{url} begins with {parts.scheme!r}: a server is asked by http or https"
    if not parts.hostname:
        return f"{url} names no host: write http://HOST:PORT/v1"
    if parts.query or parts.fragment:
        return f"{url} has a part behind its path: write where the API begins, as http://{host}/v1"
    return None


def fault_of_host(host: str) -> str:
    """Say what is wrong with a host and its port, one of which cannot be read."""
    if host.count(":") > 1 or set("[]") & set(host):
        return "is no host: an IPv6 address stands in brackets, as [::1]:8000"
    return "has a port that is no number from 0 to 65535"
