"""The one place that imports torchvision: `from lss_core.vision.torchvision_import import models`.

torchvision registers fake kernels for its operators `nms` and `qnms` when it is imported. Beside a
CPU-only torch its compiled library, which defines them, may not load, and the import fails with
'operator torchvision::nms does not exist'. Their schemas alone cure it (nobody calls them here).
Where the library loads, with a CUDA build for one, nothing is needed and nothing is done.
"""

from __future__ import annotations

import torch

__all__ = ["models"]

_ABSENT = "operator torchvision::nms does not exist"
_SCHEMA = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"

try:
    from torchvision import models
except RuntimeError as error:
    if _ABSENT not in str(error):
        raise
    # Defined as long as this name lives.
    _library = torch.library.Library("torchvision", "DEF")  # type: ignore[no-untyped-call]
    for _operator in ("nms", "qnms"):
        _library.define(f"{_operator}{_SCHEMA}")  # type: ignore[no-untyped-call]
    from torchvision import models
