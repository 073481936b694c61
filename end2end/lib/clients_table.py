"""Holds docs/clients.md and the test run together.

    clients_table.py RECORD    compare what a runner recorded with the document
    UPDATE_CLIENTS=1           write it into the document instead

RECORD has one JSON object a line: {"client": heading, "versions": {package: version}, "what": what a
test proves, "works": true or false}. Each client has a section of its own; one runner replaces only
the sections of its clients.
"""

import json
import os
import re
import sys
from pathlib import Path

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "clients.md"
UPDATE = "UPDATE_CLIENTS"


def read(record):
    """The recorded results: {client: (versions, {what: works})}, in the order of the tests' names."""
    clients = {}
    for line in Path(record).read_text().splitlines():
        row = json.loads(line)
        versions, rows = clients.setdefault(row["client"], (row["versions"], {}))
        versions.update(row["versions"])
        rows[row["what"]] = row["works"] and rows.get(row["what"], True)
    return clients


def section(client, versions, rows):
    packages = ", ".join(f"{name} {version}" for name, version in sorted(versions.items()))
    lines = [f"## {client}", "", f"With {packages}.", "", "| what was run | result |", "|---|---|"]
    lines += [f"| {what} | {'works' if rows[what] else 'does not'} |" for what in sorted(rows)]
    return "\n".join(lines) + "\n"


def place(document, client):
    """Where the section of a client is in the document, or, empty, where it belongs by its name."""
    found = re.search(rf"^## {re.escape(client)}\n.*?(?=^## |\Z)", document, re.M | re.S)
    if found:
        return found.span()
    later = [at.start() for at in re.finditer(r"^## (.*)$", document, re.M)
             if at.group(1).lower() > client.lower()]
    return (later or [len(document)])[0], (later or [len(document)])[0]


def compare(record):
    """Compares or writes; returns what is wrong, one text for each client."""
    document = DOCUMENT.read_text()
    wrong = []
    for client, (versions, rows) in sorted(read(record).items()):
        start, end = place(document, client)
        now = section(client, versions, rows)
        if document[start:end].strip() == now.strip():
            continue
        wrong.append(f"docs/clients.md says of {client}:\n{document[start:end] or 'nothing'}\n"
                     f"but the run found:\n{now}")
        before, after = document[:start].rstrip("\n"), document[end:]
        document = before + "\n\n" + now + ("\n" + after if after else "")
    if wrong and os.environ.get(UPDATE):
        DOCUMENT.write_text(document)
        return []
    return wrong


def check(record):
    """`compare`, said to a person; true if the document agrees."""
    wrong = compare(record)
    for text in wrong:
        print(f"{text}\nif that is meant: {UPDATE}=1 scripts/end2end NAME", file=sys.stderr)
    return not wrong


if __name__ == "__main__":
    sys.exit(0 if check(sys.argv[1]) else 1)
