"""The normative decoder: NumPy and genspec.config only. One operation a file.

>>> from genspec import GenerationConfig
>>> from genspec_reference import Scripted, generate
>>> generate(GenerationConfig(max_new_tokens=3), Scripted("table", seed=7), [1, 2]).sequences
"""

from genspec_reference.context import Context as Context
from genspec_reference.decode import decode as decode
from genspec_reference.decode import generate as generate
from genspec_reference.layered import Layered as Layered
from genspec_reference.model import Model as Model
from genspec_reference.model import ModelOutput as ModelOutput
from genspec_reference.noise import Noise as Noise
from genspec_reference.noise import counted_noise as counted_noise
from genspec_reference.noise import given_noise as given_noise
from genspec_reference.noise import seeded_noise as seeded_noise
from genspec_reference.output import GenerateOutput as GenerateOutput
from genspec_reference.output import Row as Row
from genspec_reference.output import Step as Step
from genspec_reference.padded import Padded as Padded
from genspec_reference.padded import padded as padded
from genspec_reference.scripted import Scripted as Scripted
from genspec_reference.stopping import FinishReason as FinishReason
from genspec_reference.table import Table as Table
from genspec_reference.transition_scores import transition_scores as transition_scores
