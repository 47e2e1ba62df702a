"""Where a network is trained and how it computes there: the same code on both kinds of device."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass, field

import torch

from lss_core.errors import TrainingError

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


@dataclass(frozen=True, kw_only=True)
class Arithmetic:
    """A device and the type that networks compute in; weights and losses stay float32."""

    device: torch.device = field(default_factory=lambda: torch.device("cpu"))
    dtype: torch.dtype = torch.bfloat16

    @property
    def scaled(self) -> bool:
        """Whether gradients must be scaled: float16 has no room for small ones."""
        return self.dtype is torch.float16

    def autocast(self) -> AbstractContextManager[None]:
        """Mixed precision, unless the type is float32."""
        return torch.autocast(self.device.type, self.dtype, enabled=self.dtype is not torch.float32)


def arithmetic_for(device: torch.device, precision: str) -> Arithmetic:
    """The arithmetic a configuration asks for: 'auto' is bfloat16, float16 on GPUs that lack it.

    Raises TrainingError for float16 on a CPU.
    """
    if precision == "auto":
        whole = device.type == "cpu" or torch.cuda.is_bf16_supported()
        return Arithmetic(device=device, dtype=torch.bfloat16 if whole else torch.float16)
    if precision == "float16" and device.type == "cpu":
        raise TrainingError(
            "precision", reason="float16 is for GPUs", remedy="Choose auto, bfloat16 or float32"
        )
    return Arithmetic(device=device, dtype=DTYPES[precision])
