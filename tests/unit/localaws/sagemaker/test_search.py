"""Search answers for what moto keeps and refuses the rest by name."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from .conftest import SageMaker


def test_experiments_are_searched_and_other_resources_refused(sagemaker: SageMaker) -> None:
    sagemaker.client.create_experiment(ExperimentName="first")
    found = sagemaker.client.search(Resource="Experiment")["Results"]
    assert [item["Experiment"]["ExperimentName"] for item in found] == ["first"]
    with pytest.raises(ClientError, match="Search over TrainingJob"):
        sagemaker.client.search(Resource="TrainingJob")
