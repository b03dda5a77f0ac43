"""Run a campaign from a command line."""

import json
import time
from argparse import Namespace
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from genspec.backends.decoder import Info
from genspec.cli.campaigning.progress import Cases
from genspec.cli.errors import UsageError, complain
from genspec.conform.campaign.campaign import Campaign
from genspec.conform.campaign.decoders import NoDecoder
from genspec.conform.campaign.rejudge import rejudge_campaign
from genspec.conform.campaign.run import run_campaign
from genspec.conform.campaign.served import Served
from genspec.conform.campaign.store import Store, StoreError, drawn_by
from genspec.conform.campaign.summary import Summary, summary_to_json
from genspec.executors import NoExecutor, executor_for


@dataclass(frozen=True, slots=True)
class Ran:
    """A run that has come to its end."""

    summary: Summary
    seconds: float                      # of this run: an earlier one may have done a part
    folder: str
    json: str                           # the summary


def ran(options: Namespace) -> Ran:
    """Run what a command line asks for."""
    started = time.monotonic()
    try:
        info = loaded(options.decoder, options.case_limit)
        campaign = Campaign(
            options.decoder, options.profile or info.profile, options.cases, options.seed, options.modes,
            case_seconds=options.case_limit,
        )
        store = Store(Path(options.output or default_folder(campaign)))
        with Cases(campaign.cases) as progress:
            summary = run_campaign(
                campaign, info, store, partial(executor_for, options.executor, options.workers),
                resume=options.resume, progress=progress.add, shrink_seconds=options.shrink_limit,
                deadline=None if options.time_limit is None else started + options.time_limit,
            )
    except KeyboardInterrupt:
        complain("\ngenspec: interrupted: the same command with --resume goes on")
        raise
    except (NoDecoder, NoExecutor, StoreError) as error:
        raise UsageError(str(error)) from None
    return told(store, summary, started)


def rejudged(options: Namespace) -> Ran:
    """Judge the findings of a stored campaign again."""
    started, store = time.monotonic(), Store(Path(options.rejudge))
    try:
        campaign, before = store.stored()
        info = loaded(campaign.decoder, campaign.case_seconds)
        if info != before:
            raise UsageError(f"{store.folder} holds {before.name} {before.version}, and {info.version} is installed")
        with Cases(campaign.cases) as progress:
            summary = rejudge_campaign(
                campaign, info, store, partial(executor_for, options.executor, options.workers),
                shrink_seconds=options.shrink_limit, progress=progress.add,
            )
    except (NoDecoder, NoExecutor, StoreError) as error:
        raise UsageError(str(error)) from None
    return told(store, summary, started)


def told(store: Store, summary: Summary, started: float) -> Ran:
    """Keep a summary, and give it with how long it took."""
    data = summary_to_json(summary, drawn_by())
    store.summarise(data)
    return Ran(summary, time.monotonic() - started, str(store.folder), json.dumps(data, indent=1) + "\n")


def loaded(decoder: str, case_limit: float) -> Info:
    """Start the decoder once, to see that it can be started and which it is."""
    served = Served(decoder, case_limit, 0)
    try:
        return served.info
    finally:
        served.stop()


def default_folder(campaign: Campaign) -> str:
    """Name the folder of a campaign that has none."""
    return f"campaign-{campaign.decoder.replace(':', '-').replace('/', '-')}-{campaign.seed}"
