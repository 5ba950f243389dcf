# Part of paylink_invoice. License LGPL-3 or later (https://www.gnu.org/licenses/lgpl).
"""Write an addon's README.rst and static/description/index.html from its readme/*.md.

Fragments and their order are the OCA's; its own generator is on no registry. Pandoc translates.

usage: readme.py [--check] ADDON_FOLDER...
"""

import ast
import html
import sys
from pathlib import Path

import pypandoc

FRAGMENTS = {
    "DESCRIPTION": "",
    "CONTEXT": "Use Cases / Context",
    "INSTALL": "Installation",
    "CONFIGURE": "Configuration",
    "USAGE": "Usage",
    "ROADMAP": "Known issues / Roadmap",
    "DEVELOP": "Development",
    "HISTORY": "Changelog",
    "CONTRIBUTORS": "Contributors",
    "CREDITS": "Other credits",
}
NOTE = "This file is generated from readme/*.md by ./paylink docs: changes here are lost."


def fragments(folder):
    """Yield (title, Markdown) of the fragments that an addon has."""
    for name, title in FRAGMENTS.items():
        file = folder / "readme" / f"{name}.md"
        if file.exists():
            yield title, file.read_text()


def as_markdown(folder):
    """Return the whole text in Markdown, below the title."""
    parts = [f"## {title}\n\n{text}" if title else text for title, text in fragments(folder)]
    return "\n\n".join(parts)


def convert(text, target):
    """Translate Markdown to another format of pandoc's."""
    options = ["--wrap=preserve", *(["--shift-heading-level-by=-1"] if target == "rst" else [])]
    return pypandoc.convert_text(text, target, format="gfm", extra_args=options)


def outputs(folder):
    """Return what is to be written, as {path: text}."""
    manifest = ast.literal_eval((folder / "__manifest__.py").read_text())
    title, text = manifest["name"], as_markdown(folder)
    bar = "=" * len(title)
    rst = f".. {NOTE}\n\n{bar}\n{title}\n{bar}\n\n{convert(text, 'rst')}"
    page = (
        f"<!-- {NOTE} -->\n"
        '<section class="oe_container">\n'
        f"<h1>{html.escape(title)}</h1>\n"
        f"{convert(text, 'html5')}</section>\n"
    )
    return {folder / "README.rst": rst, folder / "static/description/index.html": page}


def main(arguments):
    """Write or check; return the exit code."""
    check = "--check" in arguments
    stale = []
    for folder in (Path(word) for word in arguments if word != "--check"):
        for path, text in outputs(folder).items():
            if path.exists() and path.read_text() == text:
                continue
            stale.append(path)
            if not check:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
    for path in stale:
        print(f"{'out of date, run ./paylink docs:' if check else 'written:'} {path}")
    return int(check and bool(stale))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
