"""What may come in: words, makers and keywords. Data only; deidentify.py applies them."""

from __future__ import annotations

_WORDS = (
    "MR YES NO M F O HFS HFP FFS FFP HFDR HFDL FFDR FFDL ORIGINAL DERIVED PRIMARY SECONDARY OTHER "
    "ND NORM DIS2D DIS3D MPR P R I W FAT WATER IN_PHASE OPP_PHASE SE IR GR EP RM SK MTC SS TRSS SP MP "
    "OSP NONE 2D 3D FS FC PFF PFP T1 T2 PROTON_DENSITY STIR FLUID_ATTENUATED UNKNOWN MIXED MAGNITUDE "
    "PHASE M_SE M_FFE M_IR FFE TSE LSPINE SPINE TSPINE CSPINE SSPINE LUMBAR ROW COL COLUMN "
    "MONOCHROME1 MONOCHROME2 MONOCHROME VOLUME SAMPLED 00 01 IDENTITY LINEAR"
)
CODES = frozenset(_WORDS.split())
"""The words that a code may be; a vendor may hide anything behind others."""

MAKERS = {
    "siemens": "SIEMENS",
    "philips": "PHILIPS",
    "ge ": "GE",
    "ge_": "GE",
    "general electric": "GE",
    "canon": "CANON",
    "toshiba": "CANON",
    "hitachi": "FUJIFILM",
    "fuji": "FUJIFILM",
    "united imaging": "UNITED IMAGING",
    "uih": "UNITED IMAGING",
    "esaote": "ESAOTE",
    "hyperfine": "HYPERFINE",
    "phantom": "PHANTOM",
}
"""Makers of scanners, by a part of the name in small letters."""

DATES = ("StudyDate", "SeriesDate", "AcquisitionDate", "ContentDate")
UIDS = ("FrameOfReferenceUID",)
LISTED = (
    "Modality",
    "PatientSex",
    "PatientPosition",
    "BodyPartExamined",
    "MRAcquisitionType",
    "InPlanePhaseEncodingDirection",
    "PhotometricInterpretation",
    "LossyImageCompression",
    "PixelPresentation",
    "VolumetricProperties",
    "VOILUTFunction",
)
"""Codes that are dropped when they are not one of the words."""

PARTLY_LISTED = (
    "ImageType",
    "FrameType",
    "ScanningSequence",
    "SequenceVariant",
    "ScanOptions",
    "AcquisitionContrast",
    "ComplexImageComponent",
)
"""Codes of several values; those that are not one of the words become OTHER."""

NUMBERS = (
    "MagneticFieldStrength",
    "RepetitionTime",
    "EchoTime",
    "EffectiveEchoTime",
    "InversionTime",
    "EchoTrainLength",
    "EchoNumbers",
    "NumberOfAverages",
    "FlipAngle",
    "PixelBandwidth",
    "SliceThickness",
    "SpacingBetweenSlices",
    "SeriesNumber",
    "PixelSpacing",
    "Rows",
    "Columns",
    "SamplesPerPixel",
    "BitsAllocated",
    "BitsStored",
    "HighBit",
    "PixelRepresentation",
)
NUMBERS_OF_A_SLICE = (
    "InstanceNumber",
    "ImagePositionPatient",
    "ImageOrientationPatient",
    "SliceLocation",
    "AcquisitionNumber",
    "TemporalPositionIndex",
    "InStackPositionNumber",
    "DimensionIndexValues",
    "DiffusionBValue",
    "NumberOfFrames",
    "WindowCenter",
    "WindowWidth",
    "RescaleSlope",
    "RescaleIntercept",
)
"""Numbers that differ from slice to slice, and so are not kept with a series."""

SEQUENCES = frozenset(
    {
        "SharedFunctionalGroupsSequence",
        "PerFrameFunctionalGroupsSequence",
        "PixelMeasuresSequence",
        "PlanePositionSequence",
        "PlaneOrientationSequence",
        "FrameVOILUTSequence",
        "PixelValueTransformationSequence",
        "MREchoSequence",
        "MRTimingAndRelatedParametersSequence",
        "MRModifierSequence",
        "MRImageFrameTypeSequence",
        "MRDiffusionSequence",
        "FrameContentSequence",
    }
)
"""The functional groups that are looked into for elements on the list."""

OF_A_SERIES = (
    *DATES[:3],
    *UIDS,
    *LISTED,
    *(keyword for keyword in PARTLY_LISTED if keyword != "FrameType"),
    *NUMBERS,
    "PatientAge",
    "Manufacturer",
)
"""The attributes that are kept with a series."""
