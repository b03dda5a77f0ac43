"""The Python of docs/guide/torch.md runs as it stands."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[3]


def test_the_python_of_the_guide_runs():
    text = (ROOT / "docs/guide/torch.md").read_text()
    exec("\n".join(re.findall(r"```python\n(.*?)```", text, re.DOTALL)), {})
