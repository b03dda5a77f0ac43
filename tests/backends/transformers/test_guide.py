"""The Python of docs/guide/backends.md runs as it stands."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[3]


def test_the_python_of_the_guide_runs():
    text = (ROOT / "docs/guide/backends.md").read_text(encoding="utf-8")
    exec("\n".join(re.findall(r"```python\n(.*?)```", text, re.DOTALL)), {})
