from __future__ import annotations

import csv
import io

import pytest
from conftest import Importer

from lss_core.domain import SITES, Answer, Condition, Grade, NotGradable, RaterKind, Role
from lss_core.errors import AccessError, NotFoundError, StatisticsError
from lss_core.usecases import runs
from lss_core.usecases.analysis import MEAN_READER, Measure
from lss_core.usecases.reading import open_read, record_answer
from lss_core.usecases.reference import add_reference, make_majority_reference
from lss_core.usecases.results import COLUMNS, results_csv, study_results
from lss_core.usecases.users import OPERATOR
