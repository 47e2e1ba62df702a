"""The literature that a report cites, in the order of its list."""

from __future__ import annotations

REFERENCES: tuple[str, ...] = (
    "Cohen J. A coefficient of agreement for nominal scales. Educ Psychol Meas 1960;20:37–46.",
    "Cohen J. Weighted kappa. Psychol Bull 1968;70:213–220.",
    "Efron B. Better bootstrap confidence intervals. J Am Stat Assoc 1987;82:171–185.",
    "Epstein ES. A scoring system for probability forecasts of ranked categories. J Appl Meteorol "
    "1969;8:985–987.",
    "Fleiss JL. Measuring nominal scale agreement among many raters. Psychol Bull 1971;76:378–382.",
    "Hanley JA, McNeil BJ. The meaning and use of the area under a receiver operating characteristic (ROC) "
    "curve. Radiology 1982;143:29–36.",
    "Hillis SL. A comparison of denominator degrees of freedom methods for multiple observer ROC analysis. "
    "Stat Med 2007;26:596–619.",
    "Holm S. A simple sequentially rejective multiple test procedure. Scand J Stat 1979;6:65–70.",
    "Krippendorff K. Computing Krippendorff's alpha-reliability. University of Pennsylvania, 2011.",
    "Landis JR, Koch GG. The measurement of observer agreement for categorical data. Biometrics "
    "1977;33:159–174.",
    "Obuchowski NA. On the comparison of correlated proportions for clustered data. Stat Med "
    "1998;17:1495–1507.",
    "Obuchowski NA, Rockette HE. Hypothesis testing of diagnostic accuracy for multiple readers and multiple "
    "tests: an ANOVA approach with dependent observations. Commun Stat Simul Comput 1995;24:285–308.",
    "Rao JNK, Scott AJ. A simple method for the analysis of clustered binary data. Biometrics "
    "1992;48:577–585.",
    "Sounderajah V, et al. The STARD-AI reporting guideline for diagnostic accuracy studies using artificial "
    "intelligence. Nat Med 2025;31:3283–3289.",
    "Tejani AS, et al. Checklist for Artificial Intelligence in Medical Imaging (CLAIM): 2024 update. Radiol "
    "Artif Intell 2024;6:e240300.",
    "Tumko V, et al. A neural network model for detection and classification of lumbar spinal stenosis on "
    "MRI. Eur Spine J 2024. doi:10.1007/s00586-023-08089-2.",
    "Wilson EB. Probable inference, the law of succession, and statistical inference. J Am Stat Assoc "
    "1927;22:209–212.",
)
