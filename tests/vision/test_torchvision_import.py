"""torchvision imports whatever build of torch is there."""

from __future__ import annotations

import subprocess
import sys

CHECK = """
from lss_core.vision.torchvision_import import models
import torch
schemas = {schema.name for schema in torch._C._jit_get_all_schemas()}
assert {"torchvision::nms", "torchvision::qnms"} <= schemas
models.regnet_y_400mf(weights=None, num_classes=2).eval()(torch.zeros(1, 3, 32, 32))
"""


def test_torchvision_imports_in_a_fresh_process_and_builds_a_network() -> None:
    done = subprocess.run([sys.executable, "-c", CHECK], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr


def test_the_import_may_come_again() -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "import lss_core.vision.torchvision_import as t\nimport torchvision\n" + CHECK,
        ],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
