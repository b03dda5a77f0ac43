"""Who is asked: a decoder by its name, in a process of its own, or an object, in this one."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from genspec.backends.decoder import Info
from genspec.conform.adapted import adapted
from genspec.conform.adapter import Answering
from genspec.conform.address import CASE_SECONDS, MEMORY_MIB, Address
from genspec.conform.campaign.decoders import NAMED, found
from genspec.conform.capabilities import Capabilities
from genspec.conform.protocol.client import Commanded
from genspec.conform.question import Question, Told
from genspec.conform.workers.served import Job, Process
from genspec.conform.workers.told import Broken, NoDecoder


class Target(Protocol):
    """What can be asked, and asked again after whatever it did."""

    name: str                           # as on the command line

    @property
    def info(self) -> Info:
        """Tell which decoder this is. Raises `NoDecoder` when it cannot be started."""

    @property
    def capabilities(self) -> Capabilities:
        """Tell what it can do."""

    def ask(self, question: Question, seconds: float | None = None) -> Told:
        """Have a question answered. Whatever goes wrong is an answer."""

    def stop(self) -> None:
        """End what was started."""


class Isolated:
    """A decoder of a name, in a worker process."""

    def __init__(self, address: Address) -> None:
        """Keep how to start it."""
        self.name = address.name
        self.process = Process(Job(OPENER, address.name, address.seconds, address.memory_mib))

    @property
    def info(self) -> Info:
        """Tell which decoder this is. Raises `NoDecoder`."""
        info = self.process.hello[0]
        assert isinstance(info, Info)
        return info

    @property
    def capabilities(self) -> Capabilities:
        """Tell what it can do."""
        can = self.process.hello[1]
        assert isinstance(can, Capabilities)
        return can

    def ask(self, question: Question, seconds: float | None = None) -> Told:
        """Have a question answered. Whatever goes wrong is an answer."""
        return self.process.ask(question, seconds)      # type: ignore[no-any-return]  # a pipe brings Any

    def stop(self) -> None:
        """End the process."""
        self.process.stop()


class Inside:
    """A decoder that is an object of this process: nothing shields the kit from it but `except`."""

    def __init__(self, decoder: Any) -> None:
        """Make of it what answers questions. Raises `NoDecoder`."""
        self.name = f"{type(decoder).__module__}:{type(decoder).__qualname__}"
        self.decoder = adapted(decoder, self.name)

    @property
    def info(self) -> Info:
        """Tell which decoder this is."""
        return self.decoder.info

    @property
    def capabilities(self) -> Capabilities:
        """Tell what it can do."""
        return self.decoder.capabilities

    def ask(self, question: Question, seconds: float | None = None) -> Told:
        """Have a question answered. An exception is an answer."""
        from genspec.conform.workers.serving import place_of

        try:
            return self.decoder.reply(question)
        except Exception as error:
            return Broken(type(error).__name__, f"{error}{place_of(error)}")

    def stop(self) -> None:
        """Leave it alone."""


class Questions:
    """What runs in the process of a decoder, made by `OPENER`."""

    def __init__(self, name: str) -> None:
        """Load the decoder of a name. Raises `NoDecoder`."""
        self.decoder = decoder_of(name)
        self.hello = (self.decoder.info, self.decoder.capabilities)

    def answer(self, message: Any) -> object:
        """Answer a question."""
        return self.decoder.reply(message)


OPENER = "genspec.conform.targets:Questions"


def decoder_of(name: str) -> Answering:
    """Make the decoder of a name: a known one, or what `module:factory` returns. Raises `NoDecoder`."""
    if "://" in name:
        return adapted(served(name), name)
    if name == "reference":
        from genspec.conform.vectors.reference import Reference

        return adapted(Reference(), name)
    try:
        factory = found(NAMED.get(name, name))
    except NoDecoder as reason:         # a server whose address was left out looks like module:factory
        raise NoDecoder(f"{reason}; {forms()}" if name.startswith(SERVERS_BEGIN) else str(reason)) from None
    if not callable(factory):
        raise NoDecoder(f"{name} is {type(factory).__name__}, and no function that makes a decoder")
    try:
        decoder = factory()
    except ImportError as error:        # an engine that is not installed says what to install
        raise NoDecoder(f"{name}: {error}") from None
    return adapted(decoder, name)


def served(name: str) -> object:
    """Find the server of a name: `vllm:DIR@URL` or `openai:DIR@URL`. Raises `NoDecoder`."""
    from genspec.backends.served.address import fault_of
    from genspec.backends.served.decoder import NotServed, Served
    from genspec.dialects import dialect_named

    scheme, _, place = name.partition(":")
    folder, at, url = place.rpartition("@http")
    if scheme not in SERVERS or not at or not folder:
        raise NoDecoder(f"{name}: {forms()}")
    fault = fault_of(f"http{url}")
    if fault is not None:
        raise NoDecoder(fault)
    try:
        return Served(dialect_named(scheme), folder, f"http{url}")
    except NotServed as reason:
        raise NoDecoder(str(reason)) from None


def forms() -> str:
    """Say how a server is named."""
    each = " or ".join(f"{one}:DIR@http://HOST:PORT/v1" for one in SERVERS)
    return f"a server is {each}, where DIR is the checkpoint of genspec that it serves"


SERVERS = ("vllm", "openai")
"""The dialects in which a server is asked."""
SERVERS_BEGIN = tuple(f"{one}:" for one in SERVERS)
SCHEMES: Mapping[str, Callable[[Address], Target]] = {"cmd": Commanded}
"""How a name begins, and who opens it."""


def opened(address: Address) -> Target:
    """Give a target that is started when it is asked. Raises `NoDecoder` for what is no name of one."""
    scheme, colon, _ = address.name.partition(":")
    if colon and scheme in SCHEMES:
        return SCHEMES[scheme](address)
    return Isolated(address)


def load_decoder(name: str, *, seconds: float = CASE_SECONDS, memory_mib: int = MEMORY_MIB) -> Target:
    """Start the decoder of a name in a process of its own, and give what can be asked. Raises `NoDecoder`.

    `name`: reference, torch, transformers, or module:factory. `seconds`: for one answer.
    """
    target = opened(Address(name, seconds, memory_mib))
    target.info     # noqa: B018  it starts now, or says why it does not
    return target
