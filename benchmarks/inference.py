"""How fast the model is: a study by stage, and each network beside what else could run it.

    python benchmarks/inference.py ../shared/data/rsna_study
    python benchmarks/inference.py --phantom 90000

Everything is measured in one process in turns, and the least of several times is taken, so that
what else runs on the machine weighs on all alike: compare within a run. Where others keep it busy,
`--clock processor` compares the networks by this process's own processor time over its threads.
The networks answer the very images the study gave them, as the engine runs them and as plain torch
does (eager, float32; in the same batches, and image by image, which it does quicker at times). The
peak is that of matrix products in the engine's own arithmetic. The stages are timed with one series
after the other, the whole study as it is graded in use. Exits with 1 when a target is missed.
"""

from __future__ import annotations

import argparse
import resource
import secrets
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

import torch
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.pop(1)  # this folder: it holds a statistics.py

from lss_core.dicom.export import StudyHeader, write_series
from lss_core.dicom.reading import read_studies
from lss_core.domain import SeriesRole
from lss_core.imaging.volume import Volume
from lss_core.phantom import make_study
from lss_core.settings import Settings, get_settings
from lss_core.usecases.grading import engine_of
from lss_core.vision import engine as engine_module
from lss_core.vision.classify import PRESENCE, severity_name
from lss_core.vision.engine import Engine
from lss_core.vision.running import Runner, cpu_has_bfloat16

SECONDS = 4.0
TIMES_EAGER = 3.5
SHARE_OF_PEAK = 0.6
MEMORY_GB = 2.0
SIDES = (1024, 2048, 3072)
"""Of the square matrices whose product is the machine's peak."""


Clock = Callable[[], float]


def processor_seconds() -> float:
    """The processor time of this process and of the decoders it has waited for."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


CLOCKS: dict[str, Clock] = {
    "wall": time.perf_counter,
    "processor": lambda: time.process_time() / torch.get_num_threads(),
}
"""By which networks are compared."""


@dataclass
class Watch:
    """Seconds by stage of one study; what is timed inside another stage is taken off that one."""

    seconds: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    _inside: list[float] = field(default_factory=list)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Count what is done inside for a stage."""
        self._inside.append(0.0)
        started = time.perf_counter()
        try:
            yield
        finally:
            took = time.perf_counter() - started
            self.seconds[name] += took - self._inside.pop()
            if self._inside:
                self._inside[-1] += took

    def timed(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, its time counted for a stage."""

        def call(*args: Any, **kwargs: Any) -> Any:
            with self.stage(name):
                return function(*args, **kwargs)

        return call


@dataclass(frozen=True)
class Watched:
    """A runner whose time is counted and whose images are remembered."""

    runner: Runner
    name: str
    watch: Callable[[], Watch]
    images: list[Tensor] = field(default_factory=list)

    @property
    def device(self) -> torch.device:
        """See running.Runner."""
        return self.runner.device

    def __call__(self, images: Tensor) -> Tensor:
        """See running.Runner."""
        self.images.append(images)
        with self.watch().stage(f"networks: {self.name}"):
            return self.runner(images)


def read(folder: Path, settings: Settings, watch: Watch) -> dict[SeriesRole, Volume]:
    with watch.stage("disk"):
        for path in folder.rglob("*"):
            if path.is_file():
                path.read_bytes()
    with watch.stage("decode"):
        batch = read_studies(
            [folder],
            key=secrets.token_bytes(32),
            memory_mb=settings.decode_memory_mb,
            seconds=settings.decode_seconds,
        )
    return {role: one.volume for study in batch.studies for role, one in study.best.items()}


class Bench:
    """An engine whose networks are watched."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self.engine, self.clock = engine, clock
        self.watch = Watch()
        self.runners: dict[str, Watched] = {}
        for name, segmenter in engine._segmenters.items():
            object.__setattr__(segmenter, "runner", self._watched(name, segmenter.runner))
        classifier = engine._classifier
        object.__setattr__(classifier, "presence", self._watched(PRESENCE, classifier.presence))
        severity = {
            condition: self._watched(severity_name(condition), runner)
            for condition, runner in classifier.severity.items()
        }
        object.__setattr__(classifier, "severity", severity)

    def _watched(self, name: str, runner: Runner) -> Watched:
        self.runners[name] = Watched(runner, name, lambda: self.watch)
        return self.runners[name]

    def stages(self, folder: Path, settings: Settings) -> dict[str, float]:
        """Seconds by stage from disk to ratings."""
        self.watch = Watch()
        for runner in self.runners.values():
            runner.images.clear()
        started = time.perf_counter()
        series = read(folder, settings, self.watch)
        with self._staged():
            self.engine.grade(series)
        self.watch.seconds["other"] = time.perf_counter() - started - sum(self.watch.seconds.values())
        return dict(self.watch.seconds)

    def whole(self, folder: Path, settings: Settings) -> tuple[float, float]:
        """Seconds from disk to ratings, as in use: on the wall, and of the processor."""
        wall, processor = time.perf_counter(), processor_seconds()
        self.engine.grade(read(folder, settings, Watch()))
        return time.perf_counter() - wall, processor_seconds() - processor

    @contextmanager
    def _staged(self) -> Iterator[None]:
        timed, engine = self.watch.timed, self.engine
        segmenters = {name: timed("segment", one) for name, one in engine._segmenters.items()}
        with (
            patch.object(engine_module, "SERIES_AT_ONCE", 1),
            patch.object(engine, "_segmenters", segmenters),
            patch.object(engine_module, "locate", timed("locate", engine_module.locate)),
            patch.object(engine_module, "measure_whole", timed("measure", engine_module.measure_whole)),
            patch.object(engine_module, "spreads", timed("measure", engine_module.spreads)),
            patch.object(engine, "pictures", timed("crops", engine.pictures)),
            patch.object(engine, "_classifier", timed_classifier(engine, timed)),
            patch.object(engine, "_finding", timed("ensemble", engine._finding)),
        ):
            yield


def timed_classifier(engine: Engine, timed: Callable[..., Any]) -> Any:
    classifier = engine._classifier
    call = timed("classify", classifier)
    call.preprocessing = classifier.preprocessing  # type: ignore[attr-defined]
    return call


def least(clock: Clock, rounds: int, *works: Callable[[], Any]) -> list[float]:
    """The least seconds of each of several works, done in turns."""
    times = [[0.0] * rounds for _ in works]
    for number in range(rounds):
        for work, own in zip(works, times, strict=True):
            started = clock()
            work()
            own[number] = clock() - started
    return [min(own) for own in times]


def peak_of(clock: Clock, device: torch.device, dtype: torch.dtype) -> Callable[[], float]:
    """A function that measures operations a second of square matrix products."""
    squares = [torch.rand(side, side, device=device).to(dtype) for side in SIDES]

    def measure() -> float:
        rates = []
        for square in squares:
            (seconds,) = least(clock, 5, lambda square=square: finished(square @ square))
            rates.append(2 * len(square) ** 3 / seconds)
        return max(rates)

    return measure


def finished(answer: Tensor) -> Tensor:
    if answer.device.type == "cuda":
        torch.cuda.synchronize()
    return answer


def operations(network: torch.nn.Module, images: Tensor) -> int:
    """Floating point operations of one image: two a multiplication with its addition."""
    with FlopCounterMode(display=False) as counter, torch.inference_mode():
        network(images[:1])
    return counter.get_total_flops()


@dataclass(frozen=True, kw_only=True)
class Speed:
    """Images a second of a network, as the engine and as plain torch runs it; share of the peak.

    eager: in the engine's batches; singly: image by image.
    """

    name: str
    images: int
    engine: float
    eager: float
    singly: float
    share: float


def speeds(bench: Bench, rounds: int) -> tuple[list[Speed], float]:
    device = bench.engine.processor.device
    half = device.type != "cpu" or cpu_has_bfloat16()
    measure = peak_of(bench.clock, device, torch.bfloat16 if half else torch.float32)
    peak, rows = measure(), []
    for name, watched in bench.runners.items():
        batches = list(watched.images)
        eager = bench.engine.bundle.network(name).to(device)

        engine = partial(each, watched.runner, batches)
        plainly = partial(each, eager, batches)
        one_by_one = partial(each, eager, [image for batch in batches for image in batch.split(1)])
        seconds, plain, single = least(bench.clock, rounds, engine, plainly, one_by_one)
        peak = max(peak, measure())
        count = sum(map(len, batches))
        work = sum(operations(eager, batch) * len(batch) for batch in batches)
        rows.append(
            Speed(
                name=name,
                images=count,
                engine=count / seconds,
                eager=count / plain,
                singly=count / single,
                share=work / seconds,
            )
        )
    return [Speed(**{**vars(row), "share": row.share / peak}) for row in rows], peak


def each(network: Callable[[Tensor], Tensor], batches: list[Tensor]) -> None:
    with torch.inference_mode():
        for batch in batches:
            finished(network(batch.contiguous()))


def print_study(runs: list[dict[str, float]], whole: list[tuple[float, float]]) -> float:
    """The least time of each stage; returns that of the whole."""
    best = {name: min(run[name] for run in runs) for name in runs[0]}
    print(f"\n{'stage':34}{'seconds':>9}")
    for name, seconds in best.items():
        print(f"{name:34}{seconds:9.3f}")
    print(f"{'one after the other':34}{sum(best.values()):9.3f}")
    wall, processor = map(min, zip(*whole, strict=True))
    print(f"{'whole study, as in use':34}{wall:9.3f}   ({processor:.2f} s of a processor)")
    networks = sum(seconds for name, seconds in best.items() if name.startswith("networks"))
    around = {name: best.get(name, 0.0) for name in ("decode", "segment", "crops")}
    print(f"{'all networks':34}{networks:9.3f}")
    print(f"{'decoding, resampling, cropping':34}{sum(around.values()):9.3f}")
    return wall


def print_speeds(rows: list[Speed], peak: float) -> None:
    print(f"\nmatrix products: {peak / 1e9:.0f} G operations a second")
    print(
        f"{'images a second':26}{'images':>7}{'engine':>9}{'eager':>8}{'times':>7}{'singly':>9}{'of peak':>9}"
    )
    for row in rows:
        print(
            f"{row.name:26}{row.images:7d}{row.engine:9.1f}{row.eager:8.1f}{row.engine / row.eager:7.1f}"
            f"{row.singly:9.1f}{row.share:9.0%}"
        )
    print(f"all of a study: {times_eager(rows):.1f} times eager, {times_eager(rows, 'singly'):.1f} singly")


def times_eager(rows: list[Speed], how: str = "eager") -> float:
    """How many times quicker than eager torch all networks are on a study."""
    slow = sum(row.images / getattr(row, how) for row in rows)
    return slow / sum(row.images / row.engine for row in rows)


def memory_gb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


def verdicts(seconds: float, rows: list[Speed], memory: float, bundle: Any) -> Iterator[tuple[str, bool]]:
    yield f"whole study {seconds:.2f} s, at most {SECONDS} s", seconds <= SECONDS
    times = times_eager(rows)
    yield f"networks {times:.1f} times eager float32, at least {TIMES_EAGER}", times >= TIMES_EAGER
    regnets = [row for row in rows if bundle.network_card(row.name).architecture.startswith("regnet")]
    least_share = min(row.share for row in regnets)
    yield (
        f"RegNets at {least_share:.0%} of the peak, at least {SHARE_OF_PEAK:.0%}",
        least_share >= SHARE_OF_PEAK,
    )
    yield f"memory {memory:.2f} GB, at most {MEMORY_GB} GB", memory <= MEMORY_GB


def on_phantom(seed: int, folder: Path) -> Path:
    for number, (role, volume) in enumerate(make_study(seed).series.items(), start=1):
        write_series(
            volume, folder / role.value, study=StudyHeader(name=f"phantom {seed}"), role=role, number=number
        )
    return folder


def main(arguments: argparse.Namespace) -> int:
    asked = {name: getattr(arguments, name) for name in ("bundle", "cpu_engine", "device")}
    settings = get_settings().model_copy(update={name: value for name, value in asked.items() if value})
    started = time.perf_counter()
    engine = engine_of(settings)
    print(f"{engine.bundle.label}; {engine.processor.describe()}; {torch.get_num_threads()} threads")
    print(f"networks loaded in {time.perf_counter() - started:.1f} s")
    bench = Bench(engine, CLOCKS[arguments.clock])
    with tempfile.TemporaryDirectory() as written:
        folder = arguments.folder or on_phantom(arguments.phantom, Path(written))
        bench.stages(folder, settings)  # what is loaded late is loaded now
        runs, whole = [], []
        for _ in range(arguments.rounds):
            whole.append(bench.whole(folder, settings))
            runs.append(bench.stages(folder, settings))
    seconds = print_study(runs, whole)
    memory = memory_gb()
    rows, peak = speeds(bench, arguments.rounds)
    print_speeds(rows, peak)
    missed = 0
    for text, met in verdicts(seconds, rows, memory, engine.bundle):
        print(f"{'met   ' if met else 'MISSED'} {text}")
        missed += not met
    return 1 if missed else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("folder", type=Path, nargs="?", help="a folder with one DICOM study")
    what.add_argument("--phantom", type=int, metavar="SEED", help="a synthetic study instead")
    parser.add_argument("--bundle", help="its name; else LSS_BUNDLE")
    parser.add_argument("--cpu-engine", choices=["openvino", "torch"])
    parser.add_argument("--device", choices=["cpu", "cuda"])
    parser.add_argument("--clock", choices=CLOCKS, default="wall")
    parser.add_argument("--rounds", type=int, default=7)
    sys.exit(main(parser.parse_args()))
