"""The snippets of the READMEs are the example that runs."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_ten_lines_are_the_quickstart() -> None:
    quickstart = (ROOT / "examples" / "python" / "quickstart.py").read_text().split('"""\n\n', 1)[1]
    for readme in ("README.md", "crm-python/README.md"):
        assert f"```python\n{quickstart}```" in (ROOT / readme).read_text(), readme
