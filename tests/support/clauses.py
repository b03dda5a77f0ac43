"""How a test names the clauses that it checks."""

import pytest

clauses = pytest.mark.clauses
