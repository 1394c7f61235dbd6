"""Each wrong `formatting.py` loses the check about its mistake, and is told what the mistake is."""

import pytest

from grader.results import CheckResult
from tests.lab.mistakes import chaffs_of, grade_chaffs, require_found

CHAFFS = chaffs_of("formatting")


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, CheckResult]:
    return grade_chaffs(CHAFFS, tmp_path_factory.mktemp("formatting"))


@pytest.mark.parametrize("chaff", CHAFFS)
def test_a_wrong_formatting_module_is_told_its_mistake(chaff: str, verdicts: dict[str, CheckResult]) -> None:
    require_found(chaff, verdicts[chaff])
