"""Build docs/ as a site in ./site (zensical); nothing on it asks another site.

Notebooks become pages with what their cells show; CHANGELOG, CONTRIBUTING, SECURITY and README go along.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent
BESIDE = ("CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md")
NAV: dict[str, list[str]] = {
    "For visitors": ["visitor.md", "pages.md"],
    "For researchers": [
        "researcher.md",
        "notebooks/regions-of-a-day.md",
        "notebooks/uncertain-dates.md",
        "model.md",
        "questions.md",
        "sparql.md",
        "coverage.md",
    ],
    "For stewards": ["steward.md", "data.md", "tables.md", "documents.md", "imports.md", "validation.md", "shapes.md"],
    "For developers": ["developer.md", "api.md", "routes.md", "templates.md", "architecture.md", "CONTRIBUTING.md"],
    "For operators": ["operator.md", "settings.md", "cli.md", "metrics.md", "scaling.md", "SECURITY.md"],
    "Measured and decided": ["benchmarks.md", "decisions/README.md", "CHANGELOG.md"],
}


def notebook_page(notebook: dict[str, Any]) -> str:
    """A notebook as Markdown: its texts, its code, what the cells show (tables as tables)."""
    parts = []
    for cell in notebook["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            parts.append(source)
            continue
        parts.append(f"```python\n{source}\n```")
        for output in cell["outputs"]:
            data = output.get("data", {})
            html = "".join(data.get("text/html", ""))
            if table := re.search(r"<table.*?</table>", html, re.DOTALL):
                parts.append(re.sub(r"\s*\n\s*", "", table[0]))
            else:
                parts.append("```text\n" + "".join(data.get("text/plain", output.get("text", ""))) + "\n```")
    return "\n\n".join(parts) + "\n"


def sources(into: Path) -> None:
    """The pages of the site, links among them mended."""
    shutil.copytree(ROOT / "docs", into, dirs_exist_ok=True)
    for name in BESIDE:
        text = (ROOT / name).read_text(encoding="utf-8")
        (into / name).write_text(re.sub(r"\]\(docs/", "](", text), encoding="utf-8")
    shutil.copytree(
        ROOT / "ontology", into / "ontology", ignore=lambda _, names: [n for n in names if "jsonld" not in n]
    )
    for path in sorted(into.rglob("*.ipynb")):
        page = notebook_page(json.loads(path.read_text(encoding="utf-8")))
        path.with_suffix(".md").write_text(page, encoding="utf-8")
    for path in into.rglob("*.md"):
        text = path.read_text(encoding="utf-8").replace(".ipynb)", ".md)")
        path.write_text(re.sub(r"\]\(\.\./(?=ontology/|[A-Z]+\.md)", "](", text), encoding="utf-8")


def build(site: Path) -> None:
    """Build the site. subprocess.CalledProcessError where zensical finds a fault, such as a link that leads nowhere."""
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        sources(work / "docs")
        config = {
            "site_name": "Bilim",
            "site_description": "The knowledge graph of Kazakhstan's education actors",
            "docs_dir": "docs",
            "site_dir": "site",
            "use_directory_urls": False,
            "theme": {"name": "material", "font": False, "features": ["navigation.sections", "navigation.top"]},
            "extra": {"generator": False},
            "nav": [{"Start": "index.md"}, *({name: pages} for name, pages in NAV.items())],
            "markdown_extensions": ["tables", "fenced_code", {"toc": {"permalink": False}}],
        }
        (work / "mkdocs.yml").write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")
        zensical = Path(sys.executable).parent / "zensical"
        subprocess.run([zensical, "build", "--strict", "-f", "mkdocs.yml"], cwd=work, check=True, stdout=sys.stderr)
        shutil.rmtree(site, ignore_errors=True)
        shutil.copytree(work / "site", site)


def main() -> None:
    build(ROOT / "site")
    print("site/index.html: written", file=sys.stderr)


if __name__ == "__main__":
    main()
