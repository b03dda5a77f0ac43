"""A server that is asked over HTTP with JSON: what it says, or why it says nothing."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from genspec.backends.decoder import EngineFault

LONGEST = 200
"""Letters of an answer that are shown."""


class ServerRefusal(Exception):
    """A no to one request: status 400 to 499."""


class ServerFault(EngineFault):
    """No answer: the server fails, hangs, is not there, or says what is no JSON."""


@dataclass(frozen=True)
class Client:
    """An address that is asked."""

    url: str                            # without a slash at its end, as http://localhost:8000/v1
    seconds: float                      # for one answer

    def get(self, path: str) -> Any:
        """Ask for a resource. Raises `ServerRefusal` or `ServerFault`."""
        return self.asked(Request(f"{self.url}/{path}"))

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        """Send JSON. Raises `ServerRefusal` or `ServerFault`."""
        head = {"Content-Type": "application/json"}
        return self.asked(Request(f"{self.url}/{path}", json.dumps(body).encode(), head))

    def asked(self, request: Request) -> Any:
        """Make a request and read what comes back."""
        place = request.full_url
        try:
            with urlopen(request, timeout=self.seconds) as answer:
                said = answer.read()
        except HTTPError as error:
            raise no_to(place, error) from None
        except TimeoutError:
            raise ServerFault(f"{place} gave no answer within {self.seconds:g} s") from None
        except URLError as error:
            late = isinstance(error.reason, TimeoutError)
            why = f"gave no answer within {self.seconds:g} s" if late else f"cannot be reached: {error.reason}"
            raise ServerFault(f"{place} {why}") from None
        except (HTTPException, OSError) as error:
            raise ServerFault(f"{place} broke the connection off: {type(error).__name__}: {error}") from None
        try:
            return json.loads(said)
        except ValueError:
            raise ServerFault(f"{place} answered what is no JSON: {shown(said)}") from None


def no_to(place: str, error: HTTPError) -> Exception:
    """Give the exception of an answer with a status that is no success."""
    try:
        said = error.read()
    except (HTTPException, OSError):
        said = b""
    kind = ServerRefusal if 400 <= error.code < 500 else ServerFault
    return kind(f"{place} answered with status {error.code}: {message_in(said)}")


def message_in(said: bytes) -> str:
    """Give the message of an error as the OpenAI API writes it, or the beginning of whatever came."""
    try:
        given = json.loads(said)
        return str(given.get("error", given)["message"])[:LONGEST]
    except (ValueError, KeyError, TypeError, AttributeError):
        return shown(said)


def shown(said: bytes) -> str:
    """Show the beginning of an answer."""
    return repr(said[:LONGEST].decode("utf-8", "replace"))
