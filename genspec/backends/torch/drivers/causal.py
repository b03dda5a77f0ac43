"""A Hugging Face causal language model."""

from typing import Any

from torch import Tensor

from genspec.backends.torch.drivers.cached import CachedDriver


class CausalDriver(CachedDriver):
    """Prompts filled on the left, with the mask and the places that make the filling count for nothing."""

    def inputs(self, ids: Tensor, mask: Tensor | None, places: Tensor) -> dict[str, Any]:
        """Name what the model's forward takes. As `CachedDriver.inputs`."""
        numbers = {"position_ids": places} if "position_ids" in self.takes else {}
        return {"input_ids": ids, "attention_mask": mask, **numbers}
