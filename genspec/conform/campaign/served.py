"""The decoder of a campaign in a process of its own, which may crash, hang or eat memory."""

from genspec.backends.call import Call
from genspec.backends.decoder import Answer, Info
from genspec.conform.workers.served import Job, Process
from genspec.conform.workers.told import Broken, Overdue

__all__ = ["Broken", "Overdue", "Served", "Told"]

OPENER = "genspec.conform.campaign.worker:Calls"

Told = Answer | Broken | Overdue


class Served:
    """The decoder of a name, asked through a pipe."""

    def __init__(self, decoder: str, seconds: float, memory_mib: int) -> None:
        """Keep how to start it."""
        self.process = Process(Job(OPENER, decoder, seconds, memory_mib))

    @property
    def info(self) -> Info:
        """Tell which decoder this is. Raises `NoDecoder` when it cannot be started."""
        info = self.process.hello
        assert isinstance(info, Info)
        return info

    def ask(self, call: Call) -> Told:
        """Decode a call. Whatever goes wrong is an answer."""
        return self.process.ask(call)   # type: ignore[no-any-return]  # a pipe brings Any

    def stop(self) -> None:
        """End the process."""
        self.process.stop()
