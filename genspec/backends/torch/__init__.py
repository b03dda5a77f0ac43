"""Our own batched decoder on PyTorch. Text: docs/guide/torch.md.

>>> from genspec.backends.torch import generate
>>> generate(model, input_ids, {"max_new_tokens": 20, "num_beams": 4}, attention_mask=mask)   # doctest: +SKIP
"""

from genspec.backends.torch.generate import generate as generate
from genspec.backends.torch.inputs import UnsupportedHere as UnsupportedHere
