"""The language server, from the outside: a client of the protocol starts it, opens files and asks."""

import asyncio
import sys
from pathlib import Path

import pytest
from lsprotocol import types
from pygls.lsp.client import LanguageClient

from genspec.lsp.diagnostics import smallest_edit
from genspec.lsp.positions import column_of, lines_of, position_of

FAULTY = '{\n  "𝔘": 1, "temperature": 0.7,\n  "eos_token_id": "2",\n  "pad_token_id": 0\n}\n'


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    """Have one server answer everything that is asked here."""
    return asyncio.run(session(tmp_path_factory.mktemp("project")))


async def session(folder: Path):
    """Open two files, and ask about one."""
    client, seen = LanguageClient("test", "1"), {}
    arrived = asyncio.Event()

    @client.feature(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
    def take(params):
        seen[params.uri] = params.diagnostics
        arrived.set()

    await client.start_io(sys.executable, "-m", "genspec", "lsp")
    capabilities = (await client.initialize_async(types.InitializeParams(
        capabilities=types.ClientCapabilities(), root_uri=folder.as_uri()))).capabilities
    uri = (folder / "generation_config.json").as_uri()
    client.text_document_did_open(types.DidOpenTextDocumentParams(types.TextDocumentItem(uri, "json", 1, FAULTY)))
    await asyncio.wait_for(arrived.wait(), 60)
    document = types.TextDocumentIdentifier(uri)
    at = types.Position(2, 6)
    hover = await client.text_document_hover_async(types.HoverParams(document, types.Position(1, 16)))
    actions = await client.text_document_code_action_async(types.CodeActionParams(
        document, types.Range(at, at), types.CodeActionContext([])))
    arrived.clear()
    mended = FAULTY.replace('"2"', "2").replace('"temperature": 0.7,\n', "\n").replace('"𝔘": 1, ', "")
    client.text_document_did_change(types.DidChangeTextDocumentParams(
        types.VersionedTextDocumentIdentifier(2, uri), [types.TextDocumentContentChangeWholeDocument(mended)]))
    await asyncio.wait_for(arrived.wait(), 60)
    await client.shutdown_async(None)
    client.exit(None)
    await asyncio.wait_for(client.stop(), 60)
    return {"capabilities": capabilities, "hover": hover, "actions": actions, "after": seen[uri], "uri": uri}


def test_it_says_what_it_can(answers):
    assert answers["capabilities"].hover_provider and answers["capabilities"].code_action_provider


def test_hover_explains_the_field_and_what_it_does_here(answers):
    text = answers["hover"].contents.value
    assert text.startswith("### temperature")
    assert "**Here**\n- temperature = 0.7: " in text


def test_a_quick_fix_changes_what_it_has_to(answers):
    (action,) = answers["actions"]
    assert (action.title, action.is_preferred) == ("Set `eos_token_id` to 2", True)
    (edit,) = action.edit.changes[answers["uri"]]
    assert (edit.range.start, edit.range.end) == (types.Position(2, 18), types.Position(2, 21))
    assert edit.new_text == "2"


def test_a_mended_file_has_no_diagnostics_left(answers):
    assert [one.code for one in answers["after"] if one.severity != types.DiagnosticSeverity.Information] == []


def test_columns_are_utf_16():
    lines = lines_of(FAULTY)
    assert position_of(2, 11, lines) == types.Position(1, 11)
    assert column_of(types.Position(1, 11), lines) == 11


@pytest.mark.parametrize(("before", "after"), [
    ("abc", "abc"), ("abc", "adc"), ("", "x"), ("aa", "a"), ("a\nb", "a\nc\nb"),
])
def test_the_smallest_edit_makes_the_text(before, after):
    edit = smallest_edit(before, after, lines_of(before))
    lines = before.split("\n")
    starts = [sum(len(line) + 1 for line in lines[:number]) for number in range(len(lines))]
    start, end = (starts[place.line] + place.character for place in (edit.range.start, edit.range.end))
    assert before[:start] + edit.new_text + before[end:] == after
