"""The language server: documents come in, diagnostics, hover texts and quick fixes go out."""

import os

from lsprotocol import types
from pygls.lsp.server import LanguageServer
from pygls.uris import to_fs_path

from genspec import __version__
from genspec.lint.finding import Finding
from genspec.lint.judge import Judge
from genspec.lint.settings import Settings, SettingsError, load_settings
from genspec.lint.sources.document import Document
from genspec.lint.sources.readers import is_read, reader_of
from genspec.lsp.diagnostics import diagnostics, quick_fixes
from genspec.lsp.hover import hover

EVENTS = (types.TEXT_DOCUMENT_DID_OPEN, types.TEXT_DOCUMENT_DID_CHANGE, types.TEXT_DOCUMENT_DID_SAVE)


def server() -> LanguageServer:
    """Build the server. It keeps no state of its own: each request reads the text that the editor has."""
    made = LanguageServer("genspec", __version__)
    for event in EVENTS:
        made.feature(event)(lambda params: publish(made, params.text_document.uri))
    made.feature(types.TEXT_DOCUMENT_HOVER)(lambda params: shown(made, params))
    options = types.CodeActionOptions(code_action_kinds=[types.CodeActionKind.QuickFix])
    made.feature(types.TEXT_DOCUMENT_CODE_ACTION, options)(lambda params: actions(made, params))
    return made


def publish(made: LanguageServer, uri: str) -> None:
    """Send the diagnostics of a document."""
    document = read(made, uri)
    if document is not None:
        found = diagnostics(document, findings_in(made, document))
        made.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, found))


def shown(made: LanguageServer, params: types.HoverParams) -> types.Hover | None:
    """Answer what stands at a position."""
    document = read(made, params.text_document.uri)
    text = hover(document, params.position) if document is not None else None
    return None if text is None else types.Hover(types.MarkupContent(types.MarkupKind.Markdown, text))


def actions(made: LanguageServer, params: types.CodeActionParams) -> list[types.CodeAction]:
    """Answer which fixes there are for a range."""
    uri = params.text_document.uri
    document = read(made, uri)
    return [] if document is None else list(quick_fixes(document, findings_in(made, document), uri, params.range))


def read(made: LanguageServer, uri: str) -> Document | None:
    """Read a document as the editor has it; None for one that genspec does not check."""
    path = to_fs_path(uri)
    if path is None or not is_read(os.path.basename(path)):
        return None
    text = made.workspace.get_text_document(uri).source
    return reader_of(path, named=False)(path, text.encode("utf-8", "surrogatepass"))


def findings_in(made: LanguageServer, document: Document) -> list[Finding]:
    """Check a document under the settings of its project. Settings that mean nothing are said once, in the log."""
    try:
        settings = load_settings(document.path, {})
    except SettingsError as error:
        made.window_log_message(types.LogMessageParams(types.MessageType.Error, f"genspec: {error}"))
        settings = Settings()
    return Judge(settings)(document)
