"""CLAIM 2024 and STARD-AI: each item with where a report speaks of it, or who has to.

Item numbers are those published, the wording is our own and short. CLAIM 2024 update: Tejani et al.,
Radiology: Artificial Intelligence 2024;6(4):e240300, 44 items. STARD-AI: Sounderajah et al., Nature
Medicine 2025;31:3283, 40 items in 48 rows. Looked up in the summaries of both lists in
the public repository Aperivue/medsci-skills (skills/check-reporting/references/checklists): its STARD-AI
list says that it was compared with the paper's Table 2, its CLAIM list that it was not with the paper.
"""

from __future__ import annotations

from dataclasses import dataclass, field

AUTHORS = "For the authors to fill in"
NOT_HERE = "Not applicable to a report of accuracy"


@dataclass(frozen=True)
class Item:
    """An item: its number, what it asks, the sections, tables and figures that answer it.

    `open` says what is left for the authors: all where there are no places.
    """

    number: str
    wording: str
    places: tuple[str, ...] = ()
    rest: str = ""
    group: str = ""


@dataclass(frozen=True)
class Checklist:
    """A checklist with its source and its items in order."""

    title: str
    source: str
    items: tuple[Item, ...] = field(default_factory=tuple)


def _items(text: str) -> tuple[Item, ...]:
    """Lines 'number | wording | places | rest'; a line '# group' begins a group."""
    found, group = [], ""
    for line in text.strip().splitlines():
        if line.startswith("#"):
            group = line[1:].strip()
            continue
        number, wording, places, rest = (part.strip() for part in line.split("|"))
        found.append(Item(number, wording, tuple(places.split()), _RESTS.get(rest, rest), group))
    return tuple(found)


_RESTS = {"authors": AUTHORS, "none": NOT_HERE, "more": "Details are for the authors"}

CLAIM = Checklist(
    "CLAIM 2024",
    "Tejani et al. 2024, 44 items",
    _items("""
# Title and abstract
1 | AI method named in the title, with its kind | | authors
2 | Structured summary | summary | more
# Introduction
3 | Background, intended use and role of the AI | | authors
4 | Aims and hypotheses | | authors
# Study design
5 | Prospective or retrospective | | authors
6 | Goal of the study | design |
# Data
7 | Sources of the data | cases | more
8 | Inclusion and exclusion criteria | | authors
9 | Preprocessing | model | more
10 | Choice of subsets of the data | unit flow |
11 | De-identification | cases |
12 | Handling of missing data | missing |
13 | Image acquisition protocol | cases | more
# Reference standard
14 | How the reference standard was made | reference |
15 | Why this reference standard | | authors
16 | Who annotated, with what training | readers | more
17 | How the test set was annotated | readers reference |
18 | Variability within and between annotators, discrepancies | agreement reference |
# Data partitions
19 | How data were assigned to partitions | model | more
20 | Level at which partitions are apart | model | more
# Testing data
21 | Intended sample size and how it was found | | authors
# Model
22 | Model in full: inputs, outputs, layers | model | more
23 | Software libraries and versions | software |
24 | Initial parameters of the model | model | more
# Training
25 | Training in detail | model | more
26 | How the final model was chosen | | authors
27 | Ensembling | model | more
# Evaluation
28 | Metrics of performance | statistics |
29 | Uncertainty and significance | statistics |
30 | Robustness or sensitivity analysis | comparison | more
31 | Explainability | | authors
32 | Testing on internal data | | authors
33 | Testing on external data | | authors
34 | Registration of a clinical trial | | authors
# Results: data
35 | Numbers included and excluded, flow | flow fig:flow |
36 | Demographic and clinical data by partition | | authors
# Results: model performance
37 | Performance against the reference standard | accuracy tab:binary tab:graded |
38 | Diagnostic accuracy with its precision | tab:binary fig:roc |
39 | Failure analysis | confusion | more
# Discussion
40 | Limitations | limits | more
41 | Implications for practice | | authors
# Other information
42 | Full protocol and further details | | authors
43 | Availability of software, model and data | software | more
44 | Funding and role of funders | | authors
"""),
)

STARD_AI = Checklist(
    "STARD-AI",
    "Sounderajah et al. 2025, 40 items",
    _items("""
# Title and abstract
1 | AI-centred accuracy study, with a measure of accuracy, in title or abstract | summary | more
2 | Structured summary | summary | more
# Introduction
3 | Background, intended use, place in the workflow | | authors
4 | Objectives and hypotheses | | authors
# Methods: design, ethics, participants
5 | Data collected before or after the tests were planned | | authors
6 | Approval by an ethics committee | | authors
7 | Eligibility of participants and of data | | authors
8 | How eligible participants were found | | authors
9 | Where and when | cases | more
10 | Consecutive, random or convenience series | | authors
# Methods: dataset
11 | Source of the data, routine or for the study | cases | more
12 | Who annotated and how | readers reference | more
13 | Devices and software that captured the data | software | more
14 | Acquisition and preprocessing | cases model | more
# Methods: tests
15a | Index test, so that it can be repeated | model readers | more
15b | How the index test was developed | model | more
15c | Cut-offs of the index test | unit |
15d | Who is to use it, with what expertise | | authors
16a | Reference standard, so that it can be repeated | reference |
16b | Why this reference standard | | authors
16c | Cut-offs of the reference standard | unit |
17a | What readers of the index test knew | readers |
17b | What assessors of the reference knew | readers reference |
# Methods: analysis
18 | Estimating and comparing accuracy | statistics |
19 | Indeterminate results | missing |
20 | Missing data | missing |
21 | Variability in accuracy | statistics comparison |
22 | Intended sample size | | authors
23 | Analysis of errors, bias and fairness | confusion | more
# Results: participants and dataset
24 | Flow diagram | fig:flow |
25 | Baseline characteristics of each partition | | authors
26a | Severity in those with the condition | tab:units |
26b | Other diagnoses in those without it | | authors
27 | Time and treatment between test and reference | | authors
28 | How far the test set is like the patients meant | | authors
29 | How external data differ | | authors
# Results: tests
30 | Index test by reference standard | confusion |
31 | Accuracy with its precision | tab:binary tab:graded |
32 | Adverse events | | none
# Discussion
33 | Limitations, bias, uncertainty, generalisability | limits | more
34 | Implications, intended use and role | | authors
35 | Ethics and fairness | | authors
# Other information
36 | Registration | | authors
37 | Full protocol | | authors
38 | Funding | | authors
39 | Commercial interests | | authors
40a | Availability of data and code | software | more
40b | Whether outputs are stored and can be audited | software |
"""),
)
