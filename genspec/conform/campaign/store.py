"""Where a campaign keeps its results, so that it can go on after an interruption.

A folder: campaign.json (what is run), chunks.jsonl (one line a finished chunk), findings/ID.json, summary.json.
"""

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from importlib.metadata import version
from pathlib import Path
from typing import Any

import genspec
import genspec_reference
from genspec.backends.decoder import Info
from genspec.conform.campaign.campaign import Campaign
from genspec.conform.campaign.chunk import ChunkResult, result_from_json, result_to_json
from genspec.conform.campaign.finding import Finding, finding_to_json
from genspec.writing import write_whole

GROWS = {"cases"}
"""What may differ between a campaign and the one that goes on with it."""


class StoreError(Exception):
    """A folder that is none of this campaign; the message says what to do."""


class Store:
    """A folder of results. Every write is whole or is not there."""

    def __init__(self, folder: Path) -> None:
        """Keep the place. Nothing is touched yet."""
        self.folder = folder
        self.chunks = folder / "chunks.jsonl"

    def begin(self, campaign: Campaign, info: Info, resume: bool) -> dict[int, ChunkResult]:
        """Open the folder for a campaign and return the chunks that it holds already. Raises `StoreError`."""
        described = self.folder / "campaign.json"
        given = {"campaign": plain(asdict(campaign)), "decoder": asdict(info), "drawn": drawn_by()}
        if described.exists():
            if not resume:
                raise StoreError(f"{self.folder} holds a campaign: --resume goes on with it, or name another folder")
            require_same(self.folder, read_json(described), given)
        elif self.folder.exists() and any(self.folder.iterdir()):
            raise StoreError(f"{self.folder} is not empty and holds no campaign: name another folder")
        self.folder.mkdir(parents=True, exist_ok=True)
        write_json(described, given)
        self.mend()
        return self.results(dict(campaign.chunks()))

    def mend(self) -> None:
        """Cut off the line that an interruption left half written."""
        if self.chunks.exists():
            data = self.chunks.read_bytes()
            whole = data.rfind(b"\n") + 1
            if whole < len(data):
                os.truncate(self.chunks, whole)

    def results(self, wanted: Mapping[int, int]) -> dict[int, ChunkResult]:
        """Return the results of the chunks that a campaign has, by number."""
        if not self.chunks.exists():
            return {}
        lines = self.chunks.read_text(encoding="utf-8").splitlines()
        try:
            read = [result_from_json(json.loads(line)) for line in lines]
        except (ValueError, KeyError, TypeError) as error:
            raise StoreError(f"{self.chunks} has a line that is no result ({error}): name another folder") from None
        return {result.number: result for result in read if wanted.get(result.number) == result.wanted}

    def add(self, result: ChunkResult) -> None:
        """Append the result of a chunk."""
        line = json.dumps(result_to_json(result), separators=(",", ":")) + "\n"
        handle = os.open(self.chunks, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            os.write(handle, line.encode())
            os.fsync(handle)
        finally:
            os.close(handle)

    def replace(self, results: Sequence[ChunkResult]) -> None:
        """Write the results of all chunks anew."""
        lines = [json.dumps(result_to_json(result), separators=(",", ":")) + "\n" for result in results]
        draft = self.chunks.with_name(f".{self.chunks.name}.{os.getpid()}")
        draft.write_text("".join(lines), encoding="utf-8", newline="\n")
        draft.replace(self.chunks)

    def stored(self) -> tuple[Campaign, Info]:
        """Read which campaign a folder holds, and of which decoder. Raises `StoreError`."""
        data = read_json(self.folder / "campaign.json")
        try:
            return campaign_from_json(data["campaign"]), Info(**data["decoder"])
        except (KeyError, TypeError) as error:
            raise StoreError(f"{self.folder / 'campaign.json'} describes no campaign ({error})") from None

    def keep(self, findings: list[Finding], campaign: Campaign, info: Info) -> None:
        """Write the findings, each to a file of its own, and remove those that are none any more."""
        folder = self.folder / "findings"
        folder.mkdir(exist_ok=True)
        for finding in findings:
            head = {"decoder": asdict(info), "campaign": plain(asdict(campaign))}
            write_json(folder / f"{finding.id}.json", {**head, "finding": finding_to_json(finding)})
        known = {f"{finding.id}.json" for finding in findings}
        for old in folder.glob("*.json"):
            if old.name not in known:
                old.unlink()

    def summarise(self, summary: Mapping[str, Any]) -> None:
        """Write the summary."""
        write_json(self.folder / "summary.json", summary)


def require_same(folder: Path, stored: Mapping[str, Any], given: Mapping[str, Any]) -> None:
    """Raise `StoreError` unless a folder holds the campaign that is to go on."""
    for part in given:
        before, now = stored.get(part, {}), given[part]
        for name in now:
            if name not in GROWS and before.get(name) != now[name]:
                raise StoreError(
                    f"{folder} holds a campaign with {part} {name} {before.get(name)!r}, not {now[name]!r}: "
                    "give the same, or name another folder"
                )


def drawn_by() -> dict[str, str]:
    """Tell what decides which cases a seed gives, and what is made of them: versions, and the code itself."""
    digest = hashlib.sha256()
    for package in (genspec, genspec_reference):
        for file in sorted(Path(package.__path__[0]).rglob("*.py")):
            digest.update(file.read_bytes())
    return {"genspec": genspec.__version__, "hypothesis": version("hypothesis"), "code": digest.hexdigest()[:12]}


def write_json(path: Path, data: Mapping[str, Any]) -> None:
    """Write a file that is there whole or not at all."""
    write_whole(path, (json.dumps(data, indent=1) + "\n").encode())


def read_json(path: Path) -> dict[str, Any]:
    """Read a file that holds one object. Raises `StoreError`."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise StoreError(f"{path} cannot be read: {error}") from None
    if not isinstance(data, dict):
        raise StoreError(f"{path} holds no object")
    return data


def plain(data: Mapping[str, Any]) -> dict[str, Any]:
    """Give tuples as lists, as JSON reads them."""
    return dict(json.loads(json.dumps(data)))


def campaign_from_json(data: Mapping[str, Any]) -> Campaign:
    """Read a campaign. Raises KeyError or TypeError for what is none."""
    names = {field.name for field in fields(Campaign)}
    return Campaign(**{**{name: data[name] for name in names}, "modes": tuple(data["modes"])})
