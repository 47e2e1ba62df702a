"""Put trained networks together as a bundle: `python -m lss_core.vision.train.assemble --help`.

Each network lies in the export folder as `<name>.safetensors` with its card `<name>.json`. The
ensemble is fitted afterwards (ensemble.py) and writes itself and the chain's results on the card.
"""

from __future__ import annotations

import argparse
import datetime
import platform
import shutil
from pathlib import Path

import torch

from lss_core import __version__
from lss_core.vision.bundle import Bundle, Card, NetworkCard, TrainingData, load_bundle, write_card

SUMMARY = (
    "Two U-Nets outline structures on sagittal and axial MRI; RegNets say from crops whether stenosis is "
    "present and how severe; an ensemble joins them with grades from the measured outlines."
)
INTENDED_USE = (
    "Research on reader studies only. Not a medical device; not for diagnosis. Trained mostly on synthetic "
    "images and briefly: its grades on real patients have not been validated."
)
TRAINING_DATA = (
    TrainingData(
        name="SPIDER lumbar spine MRI, sagittal T2-SPACE slices of 32 patients",
        licence="CC BY 4.0",
        attribution=(
            "J. W. van der Graaf, M. L. van Hooff, C. F. M. Buckens, M. Rutten, J. L. C. van Susante, "
            "R. J. Kroeze, M. de Kleuver, B. van Ginneken, N. Lessmann: Lumbar spine segmentation in MR "
            "images: a dataset and a public benchmark. Scientific Data 11, 264 (2024). "
            "https://doi.org/10.1038/s41597-024-03090-w"
        ),
        use="sagittal network: disc, vertebra and canal; slices resampled, patients kept apart for testing",
    ),
    TrainingData(
        name="Synthetic lumbar studies of lss_core.phantom",
        licence="Apache-2.0",
        attribution="made by this project; each network's card names the seeds kept apart",
        use="every network: outlines, places and grades known by construction",
    ),
)


def main() -> None:
    """Write the bundle and check that it loads."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--export", type=Path, required=True, help="folder of networks and their cards")
    parser.add_argument("--bundle", type=Path, required=True, help="the bundle's folder, named as the bundle")
    parser.add_argument("--version", default=__version__)
    asked = parser.parse_args()
    assemble(asked.export, asked.bundle, version=asked.version)


def assemble(export: Path, folder: Path, *, version: str) -> Bundle:
    """The bundle of all networks in an export folder. Raises BundleError when one does not load."""
    cards = {
        path.stem: NetworkCard.model_validate_json(path.read_bytes())
        for path in sorted(export.glob("*.json"))
    }
    folder.mkdir(parents=True, exist_ok=True)
    for card in cards.values():
        shutil.copyfile(export / card.file, folder / card.file)
    write_card(
        folder,
        Card(
            name=folder.name,
            version=version,
            made=datetime.datetime.now(datetime.UTC).date().isoformat(),
            summary=SUMMARY,
            intended_use=INTENDED_USE,
            licence="Apache-2.0",
            provenance={
                "code": f"lss_core {__version__}",
                "torch": torch.__version__,
                "python": platform.python_version(),
                "commands": "lss_core.vision.train: outlines, pictures, classifiers, assemble, ensemble",
            },
            training_data=TRAINING_DATA,
            networks=cards,
        ),
    )
    bundle = load_bundle(folder)
    for name in cards:
        bundle.network(name)
    return bundle


if __name__ == "__main__":
    main()
