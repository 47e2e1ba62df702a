"""Networks at work: on a processor through OpenVINO or torch, on a GPU through torch.

Both answer in bfloat16 arithmetic where the hardware has it, and in float32 outside.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

import structlog
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from lss_core.errors import SettingsError
from lss_core.texts import later
from lss_core.vision.bundle import Bundle

CpuEngine = Literal["auto", "openvino", "torch"]

BATCH = {"cpu": 8, "cuda": 64}
"""Slices that are prepared and outlined at once, by kind of device: bounded by memory alone."""

_log = structlog.get_logger(__name__)


class Runner(Protocol):
    """A network that is ready to answer."""

    @property
    def device(self) -> torch.device:
        """Where its images are expected and its answers are left."""

    def __call__(self, images: Tensor) -> Tensor:
        """Logits (n, ...) float32 of images (n, channels, rows, columns) float32."""


@dataclass(frozen=True, kw_only=True)
class Processor:
    """Where networks run. openvino: on the CPU through OpenVINO; compiled: the folder that keeps
    what it compiled, None to compile anew in each process.
    """

    device: torch.device
    openvino: bool = False
    compiled: Path | None = None

    def describe(self) -> str:
        """Device, library and arithmetic, for people."""
        library = "OpenVINO" if self.openvino else "torch"
        bfloat16 = self.device.type != "cpu" or cpu_has_bfloat16()
        return f"{self.device}, {library}, {'bfloat16' if bfloat16 else 'float32'}"


@dataclass(frozen=True, kw_only=True)
class TorchRunner:
    """A network as torch runs it, channels last; `network` lies on `device` already."""

    network: nn.Module
    device: torch.device

    def __call__(self, images: Tensor) -> Tensor:
        """See Runner."""
        half = self.device.type != "cpu" or cpu_has_bfloat16()
        with torch.inference_mode(), torch.autocast(self.device.type, torch.bfloat16, enabled=half):
            logits: Tensor = self.network(images.contiguous(memory_format=torch.channels_last))
        return logits.float()


def make_runner(bundle: Bundle, name: str, processor: Processor) -> Runner:
    """A network of a bundle, ready to answer on a processor. Raises BundleError as the bundle does."""
    if processor.openvino:
        from lss_core.vision.openvino_running import openvino_runner

        return openvino_runner(bundle, name, processor.compiled)
    network = bundle.network(name)
    placed = network.to(processor.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    return TorchRunner(network=placed, device=processor.device)


def onto(device: torch.device, array: NDArray[Any]) -> Tensor:
    """An array as a tensor on a device; to a GPU through pinned memory, without waiting for it."""
    tensor = torch.from_numpy(array)
    return tensor if device.type == "cpu" else tensor.pin_memory().to(device, non_blocking=True)


def processor_named(device: str, cpu_engine: CpuEngine = "auto", compiled: Path | None = None) -> Processor:
    """The processor that the settings name. `auto` is OpenVINO where it loads, else torch.

    Raises SettingsError when the device, or OpenVINO asked for by name, is not there.
    """
    found = device_named(device)
    openvino = found.type == "cpu" and cpu_engine != "torch" and _openvino_loads(cpu_engine)
    return Processor(device=found, openvino=openvino, compiled=compiled)


def device_named(name: str) -> torch.device:
    """The device a setting names: auto, cpu, cuda. Raises SettingsError when it is not there."""
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if name == "cpu" or (name == "cuda" and torch.cuda.is_available()):
        return torch.device(name)
    reason = later("'{name}' is not here (here: {devices})", name=name, devices=", ".join(device_names()))
    raise SettingsError("LSS_DEVICE", reason=reason, remedy="Choose auto")


def device_names() -> list[str]:
    """What there is to compute on: 'cpu', and each CUDA device by its name."""
    gpus = [torch.cuda.get_device_name(number) for number in range(torch.cuda.device_count())]
    return ["cpu", *(f"cuda ({name})" for name in gpus)]


def cpu_has_bfloat16() -> bool:
    """Whether the processor multiplies bfloat16 in hardware; without it float32 is quicker."""
    found = torch.cpu.get_capabilities()
    return any(found.get(name) for name in ("avx512_bf16", "amx_bf16", "bf16"))


def _openvino_loads(asked: CpuEngine) -> bool:
    try:
        import lss_core.vision.openvino_running  # noqa: F401
    except ImportError as error:
        if asked == "openvino":
            reason = later("OpenVINO cannot be loaded: {error}", error=error)
            raise SettingsError("LSS_CPU_ENGINE", reason=reason, remedy="Choose auto or torch") from error
        _log.warning("OpenVINO cannot be loaded, networks run through torch", reason=str(error))
        return False
    return True
