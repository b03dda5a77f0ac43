"""Findings as diagnostics, and their fixes as quick fixes."""

from collections.abc import Iterator

from lsprotocol import types

from genspec.lint.finding import Finding, Severity
from genspec.lint.fixing.fix import after
from genspec.lint.sources.document import Document
from genspec.lsp.positions import lines_of, position_of, range_of

SEVERITIES = {
    Severity.ERROR: types.DiagnosticSeverity.Error, Severity.WARNING: types.DiagnosticSeverity.Warning,
    Severity.INFO: types.DiagnosticSeverity.Information,
}


def diagnostics(document: Document, findings: list[Finding]) -> list[types.Diagnostic]:
    """Write the findings in a document as diagnostics."""
    lines = lines_of(document.text)
    return [diagnostic(finding, lines) for finding in findings if finding.path == document.path]


def diagnostic(finding: Finding, lines: list[str]) -> types.Diagnostic:
    """Write one finding: the message, what to do, and the page of the rule behind the code."""
    return types.Diagnostic(
        range_of(finding.span, lines), finding.sentences, SEVERITIES[finding.severity],
        code=finding.code, code_description=types.CodeDescription(finding.url), source="genspec",
    )


def quick_fixes(
    document: Document, findings: list[Finding], uri: str, wanted: types.Range,
) -> Iterator[types.CodeAction]:
    """Yield the fixes of the findings that touch a range. A safe one is preferred, an unsafe one says what it is."""
    lines = lines_of(document.text)
    for finding in findings:
        place = range_of(finding.span, lines)
        if finding.fix is None or finding.path != document.path or place.end < wanted.start or wanted.end < place.start:
            continue
        text = after(document, finding.fix)
        if text is None:
            continue
        title = finding.fix.message if finding.fix.safe else f"{finding.fix.message} (can change the output)"
        edit = types.WorkspaceEdit(changes={uri: [smallest_edit(document.text, text, lines)]})
        said, safe = [diagnostic(finding, lines)], finding.fix.safe
        yield types.CodeAction(title, types.CodeActionKind.QuickFix, said, is_preferred=safe, edit=edit)


def smallest_edit(before: str, after: str, lines: list[str]) -> types.TextEdit:
    """Return the edit that turns one text into another, without what they share at both ends."""
    most = min(len(before), len(after))
    start = next((place for place in range(most) if before[place] != after[place]), most)
    shared = next((place for place in range(most - start) if before[-1 - place] != after[-1 - place]), most - start)
    place = types.Range(at(before, start, lines), at(before, len(before) - shared, lines))
    return types.TextEdit(place, after[start:len(after) - shared])


def at(text: str, offset: int, lines: list[str]) -> types.Position:
    """Return the position of an offset."""
    from genspec.lint.sources.positions import position

    return position_of(*position(text, offset), lines)
