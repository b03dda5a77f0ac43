"""What is known of LitGPT 0.5.13, whose source was read."""

from genspec.conform.engines.finding import Finding

FINDINGS = (
    Finding(
        "LG-1", "of tokens that are equal to the k-th score not all stay",
        "`sample` in `litgpt/generate/base.py` takes exactly k tokens by `torch.topk`, so that which of several equal "
        "ones stay depends on torch.",
        "choice", clauses=("TOP-K-3",),
    ),
)
