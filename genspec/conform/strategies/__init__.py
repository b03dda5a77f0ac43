"""Hypothesis strategies for calls of `generate` and their parts. Guide: docs/guide/strategies.md.

>>> from hypothesis import given
>>> from genspec.conform.strategies import calls
>>> @given(calls())
... def test_my_decoder(call): ...
"""

from genspec.conform.strategies.calls import calls as calls
from genspec.conform.strategies.configs import configs as configs
from genspec.conform.strategies.configs import generation_configs as generation_configs
from genspec.conform.strategies.models import models as models
from genspec.conform.strategies.models import scripted_models as scripted_models
from genspec.conform.strategies.models import seeds as seeds
from genspec.conform.strategies.models import tables as tables
from genspec.conform.strategies.prompts import prompts as prompts
from genspec.conform.strategies.rejected import rejected_calls as rejected_calls
from genspec.conform.strategies.rejected import rejected_configs as rejected_configs
