"""Networks on a CPU through OpenVINO: the one place that imports it.

OpenVINO's `openvino_telemetry` reports to its makers when it is imported; nothing here may
speak to anybody, so it is kept from loading, and OpenVINO goes on without it.

Each thread of the processor is a stream of its own that works on a few images at a time: quicker
than all threads on one image, and no image waits for another. A compiled network is kept as one
file, named by what it was made from; one that does not load is made anew.
"""

from __future__ import annotations

import ctypes
import hashlib
import platform
import sys
import warnings
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import structlog
import torch
from torch import Tensor

sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]  # its import fails from now on

import openvino as ov  # noqa: E402

from lss_core.vision.bundle import Bundle  # noqa: E402
from lss_core.vision.train.whole import write_whole  # noqa: E402

AT_ONCE = 8
PIXELS_AT_ONCE = 2**18
"""Images in a request at most, and their pixels together: more are no quicker and take more memory."""

MOST_STREAMS = 8
"""Streams take memory for themselves; beyond these, several threads share one."""

M_ARENA_MAX, HEAPS = -8, 2
"""The parameter's number in malloc.h, and its value."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True, eq=False)
class OpenVinoRunner:
    """A network as OpenVINO runs it; sizes and number of images may change from call to call."""

    compiled: ov.CompiledModel

    @property
    def device(self) -> torch.device:
        """See running.Runner."""
        return torch.device("cpu")

    def __call__(self, images: Tensor) -> Tensor:
        """See running.Runner."""
        inputs = images.contiguous()
        streams = self.compiled.get_property("NUM_STREAMS")
        parts = inputs.tensor_split(requests(len(inputs), inputs[0, 0].numel(), streams))
        begun = [self._begun(part) for part in parts]  # a stream that is free takes the next
        for request in begun:
            request.wait()
        return torch.cat([torch.from_numpy(request.get_output_tensor().data) for request in begun])

    def _begun(self, images: Tensor) -> ov.InferRequest:
        """A request that runs. No callback, and so no AsyncInferQueue: a thread of OpenVINO's may let go
        of the Python function last, after the wait, and Python that is ending by then kills the process.
        """
        request = self.compiled.create_infer_request()
        request.start_async([images.numpy()], share_inputs=True)
        return request


def requests(images: int, pixels: int, streams: int) -> int:
    """Into how many requests images of so many pixels each are split, of the same size or nearly:
    as many for each stream, where there are images enough, so that none waits for another.
    """
    at_once = max(1, min(AT_ONCE, PIXELS_AT_ONCE // pixels))
    turns = -(-images // (at_once * streams))
    return min(images, turns * streams)


def openvino_runner(bundle: Bundle, name: str, folder: Path | None) -> OpenVinoRunner:
    """A network of a bundle compiled for this processor, taken from `folder` where it lies there."""
    kept = None if folder is None else folder / f"{name}-{_key(bundle, name)}.openvino"
    if kept is not None and kept.is_file():
        try:
            return OpenVinoRunner(compiled=_core().import_model(kept.read_bytes(), "CPU", _wishes()))
        except RuntimeError as error:
            _log.warning("compiled network does not load, compiling anew", file=kept.name, reason=str(error))
    compiled = _compiled(bundle, name)
    if kept is not None:
        _keep(kept, compiled)
    return OpenVinoRunner(compiled=compiled)


def arithmetic() -> str:
    """'bf16' where the processor has it, else 'f32'."""
    return "bf16" if "BF16" in _core().get_property("CPU", "OPTIMIZATION_CAPABILITIES") else "f32"


def _compiled(bundle: Bundle, name: str) -> ov.CompiledModel:
    channels = bundle.network_card(name).inputs
    network = bundle.network(name).requires_grad_(False)
    example = torch.zeros(1, channels, 64, 64)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # torch.jit, by which OpenVINO reads a network
        model = ov.convert_model(network, example_input=example, input=[-1, channels, -1, -1])
    return _core().compile_model(model, "CPU", _wishes())


def _wishes() -> dict[str, Any]:
    """Not pinned: a stream tied to a core waits for whatever else runs there."""
    return {
        "INFERENCE_PRECISION_HINT": arithmetic(),
        "INFERENCE_NUM_THREADS": torch.get_num_threads(),
        "NUM_STREAMS": min(torch.get_num_threads(), MOST_STREAMS),
        "ENABLE_CPU_PINNING": False,
    }


def _key(bundle: Bundle, name: str) -> str:
    """What a compiled network depends on: its card, and the library and processor it is for."""
    processor = _core().get_property("CPU", "FULL_DEVICE_NAME")
    parts = [bundle.network_card(name).model_dump_json(), ov.get_version(), processor, arithmetic()]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def _keep(path: Path, compiled: ov.CompiledModel) -> None:
    """Write the file; one that cannot be written costs time alone."""
    try:
        write_whole(path, lambda part: part.write_bytes(compiled.export_model().getvalue()))
    except OSError as error:
        _log.warning("compiled network is not kept", file=path.name, reason=error.strerror)


@cache
def _core() -> ov.Core:
    _few_heaps()
    return ov.Core()


def _few_heaps() -> None:
    """glibc gives each thread a heap of its own, up to eight for each core, and none gives back what
    another could use: half a GB after a dozen studies. mallopt(3).
    """
    if platform.libc_ver()[0] == "glibc":
        ctypes.CDLL(None).mallopt(M_ARENA_MAX, HEAPS)
