"""The SageMaker pipeline's definition, and the one module that imports the sagemaker SDK: settings in, pipeline out.

preprocess -> train -> evaluate -> is the AUC good enough? -> register, or fail with the reason.
"""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sagemaker.core.config.config_manager import SageMakerConfig
from sagemaker.core.model_registry import get_create_model_package_request
from sagemaker.core.network import NetworkConfig
from sagemaker.core.processing import Processor
from sagemaker.core.shapes import (
    MetricDefinition,
    ProcessingInput,
    ProcessingOutput,
    ProcessingS3Input,
    ProcessingS3Output,
    Tag,
)
from sagemaker.core.training.configs import (
    Compute,
    InputData,
    Networking,
    OutputDataConfig,
    StoppingCondition,
)
from sagemaker.core.workflow.conditions import ConditionGreaterThanOrEqualTo
from sagemaker.core.workflow.functions import Join, JsonGet
from sagemaker.core.workflow.parameters import Parameter, ParameterFloat, ParameterInteger, ParameterString
from sagemaker.core.workflow.pipeline_context import PipelineSession
from sagemaker.core.workflow.properties import Properties, PropertyFile
from sagemaker.mlops.workflow.condition_step import ConditionStep
from sagemaker.mlops.workflow.fail_step import FailStep
from sagemaker.mlops.workflow.pipeline import Pipeline
from sagemaker.mlops.workflow.steps import CacheConfig, ProcessingStep, Step, StepTypeEnum, TrainingStep
from sagemaker.train.model_trainer import ModelTrainer

from churn.settings import BuildSettings, ModelConfiguration
from churn.step_code import EVALUATE, PREPROCESS, StepCode

INPUT = "/opt/ml/processing/input"
OUTPUT = "/opt/ml/processing/output"
AUC_PATH = "binary_classification_metrics.auc.value"
CONTENT_TYPES = ["application/json", "application/jsonlines", "text/csv"]
SDK_CONFIGURATION = {
    "SchemaVersion": "1.0",
    "SageMaker": {"PythonSDK": {"Modules": {"TelemetryOptOut": True}}},
}


@dataclass(frozen=True)
class Parameters:
    """What an execution may be started with."""

    input_data: ParameterString
    data_hash: ParameterString
    commit_id: ParameterString
    processing_instance_type: ParameterString
    training_instance_type: ParameterString
    training_instance_count: ParameterInteger
    auc_threshold: ParameterFloat
    model_approval_status: ParameterString

    @property
    def all(self) -> list[Parameter]:
        return list(vars(self).values())


def open_session(boto_session: Any, bucket: str) -> PipelineSession:
    """Return an SDK session that starts nothing, uses the project's bucket and sends no telemetry."""
    # The SDK checks its configuration against a large schema at each of some forty look-ups: seconds for nothing.
    SageMakerConfig.validate_sagemaker_config(SDK_CONFIGURATION)
    SageMakerConfig.validate_sagemaker_config = staticmethod(_leave_validated)
    return PipelineSession(
        boto_session=boto_session, default_bucket=bucket, sagemaker_config=SDK_CONFIGURATION
    )


def build_pipeline(
    settings: BuildSettings,
    configuration: ModelConfiguration,
    session: PipelineSession,
    code: Mapping[str, str],
) -> Pipeline:
    """Put the steps together.

    Parameters
    ----------
    settings
        The build's environment.
    configuration
        The contents of `model.toml`.
    session
        As `open_session` returns it.
    code
        S3 prefix by module (``preprocess``, ``evaluate``), as `StepCode.upload` returns it.
    """
    with warnings.catch_warnings():
        # The SDK warns that nothing runs now. That is what a pipeline session is for.
        warnings.filterwarnings("ignore", message="Running within a PipelineSession")
        return _Builder(settings, configuration, session, code).build()


def tags(settings: BuildSettings) -> list[dict[str, str]]:
    """Return the tags by which Studio finds what belongs to a project."""
    return [
        {"Key": "sagemaker:project-name", "Value": settings.project_name},
        {"Key": "sagemaker:project-id", "Value": settings.project_id},
    ]


class RegisterStep(Step):
    """Registers a model version with exactly the given arguments.

    The SDK's own step takes them from ModelBuilder, which inspects and repacks models that it did not train.
    """

    def __init__(self, name: str, arguments: Mapping[str, Any]) -> None:
        super().__init__(name, step_type=StepTypeEnum.REGISTER_MODEL)
        self._arguments = dict(arguments)
        self._properties = Properties(step_name=name, step=self, shape_name="DescribeModelPackageOutput")

    @property
    def arguments(self) -> dict[str, Any]:
        return self._arguments

    @property
    def properties(self) -> Properties:
        return self._properties


class _Builder:
    def __init__(
        self,
        settings: BuildSettings,
        configuration: ModelConfiguration,
        session: PipelineSession,
        code: Mapping[str, str],
    ) -> None:
        self._settings = settings
        self._configuration = configuration
        self._session = session
        self._code = code
        self._parameters = _make_parameters(configuration)
        self._cache = CacheConfig(enable_caching=True, expire_after=f"P{configuration.limits.cache_days}D")

    def build(self) -> Pipeline:
        preprocess = self._preprocess()
        train = self._train(preprocess)
        report = PropertyFile(name="Evaluation", output_name="evaluation", path="evaluation.json")
        evaluate = self._evaluate(preprocess, train, report)
        auc = JsonGet(step_name=evaluate.name, property_file=report, json_path=AUC_PATH)
        threshold = JsonGet(step_name=evaluate.name, property_file=report, json_path="threshold")
        condition = ConditionStep(
            name="check-quality",
            conditions=[ConditionGreaterThanOrEqualTo(left=auc, right=self._parameters.auc_threshold)],
            if_steps=[self._register(train, evaluate, threshold)],
            else_steps=[self._fail(auc)],
        )
        return Pipeline(
            name=self._settings.pipeline_name,
            parameters=self._parameters.all,
            # No experiment: it would outlive the project.
            pipeline_experiment_config=None,
            steps=[preprocess, train, evaluate, condition],
            sagemaker_session=self._session,
        )

    def _preprocess(self) -> ProcessingStep:
        # Equal code, image and data lead to the same folder and, by the cache, to no second run.
        folder = self._folder("data", self._recipe(PREPROCESS), self._parameters.data_hash)
        return self._process(
            PREPROCESS,
            inputs=[_input("data", self._parameters.input_data)],
            outputs=[
                _output(name, Join(on="/", values=[folder, name]))
                for name in ("train", "validation", "test", "transform")
            ],
            arguments=["--data-sha256", self._parameters.data_hash],
        )

    def _train(self, preprocess: ProcessingStep) -> TrainingStep:
        configuration, settings = self._configuration, self._settings
        trainer = ModelTrainer(
            sagemaker_session=self._session,
            role=settings.pipeline_role_arn,
            training_image=settings.image_uri,
            compute=Compute(
                instance_type=self._parameters.training_instance_type,
                instance_count=self._parameters.training_instance_count,
                volume_size_in_gb=30,
                volume_kms_key_id=settings.kms_key_arn,
            ),
            networking=Networking(enable_network_isolation=True),
            output_data_config=OutputDataConfig(
                s3_output_path=f"{self._root}/models",
                kms_key_id=settings.kms_key_arn,
                compression_type="GZIP",
            ),
            stopping_condition=StoppingCondition(max_runtime_in_seconds=self._seconds),
            hyperparameters={
                **{name: str(value) for name, value in configuration.hyperparameters.items()},
                "positive_label": configuration.labels.positive,
                "negative_label": configuration.labels.negative,
            },
            tags=[Tag(key=tag["Key"], value=tag["Value"]) for tag in tags(settings)],
        ).with_metric_definitions(
            [
                MetricDefinition(name=f"validation:{name}", regex=rf"validation-{name}:([0-9.]+)")
                for name in ("auc", "logloss")
            ]
        )
        channels = [
            InputData(channel_name=name, data_source=_output_uri(preprocess, name))
            for name in ("train", "validation", "transform")
        ]
        return TrainingStep(
            name="train", step_args=trainer.train(input_data_config=channels), cache_config=self._cache
        )

    def _evaluate(
        self, preprocess: ProcessingStep, train: TrainingStep, report: PropertyFile
    ) -> ProcessingStep:
        # Named after the training job: a model's evaluation is never overwritten by another model's.
        folder = self._folder("evaluations", self._recipe(EVALUATE), train.properties.TrainingJobName)
        return self._process(
            EVALUATE,
            inputs=[
                _input("model", train.properties.ModelArtifacts.S3ModelArtifacts),
                _input("test", _output_uri(preprocess, "test")),
            ],
            outputs=[_output("evaluation", folder)],
            property_files=[report],
        )

    def _process(
        self,
        code: StepCode,
        inputs: Sequence[ProcessingInput],
        outputs: Sequence[ProcessingOutput],
        arguments: Sequence[Any] | None = None,
        property_files: Sequence[PropertyFile] = (),
    ) -> ProcessingStep:
        settings = self._settings
        processor = Processor(
            role=settings.pipeline_role_arn,
            image_uri=settings.image_uri,
            instance_count=1,
            instance_type=self._parameters.processing_instance_type,
            entrypoint=["python3", "-m", f"churn.{code.module}"],
            volume_size_in_gb=30,
            volume_kms_key=settings.kms_key_arn,
            output_kms_key=settings.kms_key_arn,
            max_runtime_in_seconds=self._seconds,
            sagemaker_session=self._session,
            env={"PYTHONPATH": f"{INPUT}/code"},
            tags=tags(settings),
            network_config=NetworkConfig(enable_network_isolation=True),
        )
        step_arguments = processor.run(
            inputs=[_input("code", self._code[code.module]), *inputs],
            outputs=list(outputs),
            arguments=list(arguments) if arguments else None,
        )
        return ProcessingStep(
            name=code.module,
            step_args=step_arguments,
            cache_config=self._cache,
            property_files=list(property_files),
        )

    def _register(self, train: TrainingStep, evaluate: ProcessingStep, threshold: JsonGet) -> RegisterStep:
        settings, registry = self._settings, self._configuration.registry
        evaluation = _output_uri(evaluate, "evaluation")
        statistics = {"ContentType": "application/json", "S3Uri": Join("/", [evaluation, "evaluation.json"])}
        arguments = get_create_model_package_request(
            model_package_group_name=settings.model_package_group,
            containers=[
                {
                    "Image": settings.image_uri,
                    "ModelDataUrl": train.properties.ModelArtifacts.S3ModelArtifacts,
                }
            ],
            content_types=CONTENT_TYPES,
            response_types=["application/json"],
            inference_instances=registry.inference_instance_types,
            transform_instances=registry.transform_instance_types,
            model_metrics={"ModelQuality": {"Statistics": statistics}},
            approval_status=self._parameters.model_approval_status,
            customer_metadata_properties={
                "CommitId": self._parameters.commit_id,
                "DataHash": self._parameters.data_hash,
                "DataLocation": self._parameters.input_data,
                "EvaluationUri": evaluation,
                "GoldenRecordsUri": Join("/", [evaluation, "golden.jsonl"]),
                "ProjectId": settings.project_id,
                "Threshold": threshold,
            },
            domain="MACHINE_LEARNING",
            task="CLASSIFICATION",
        )
        # The pipeline service sets this one itself and refuses it in a definition.
        arguments.pop("CertifyForMarketplace")
        return RegisterStep("register", arguments)

    def _fail(self, auc: JsonGet) -> FailStep:
        words = ["The model is not registered: its AUC of", auc, "is below the threshold of"]
        return FailStep(
            name="fail-quality", error_message=Join(" ", [*words, self._parameters.auc_threshold])
        )

    def _recipe(self, code: StepCode) -> str:
        return hashlib.sha256(f"{code.digest}\n{self._settings.image_uri}\n".encode()).hexdigest()[:16]

    def _folder(self, kind: str, recipe: str, last: Any) -> Join:
        return Join(on="/", values=[self._root, kind, recipe, last])

    @property
    def _root(self) -> str:
        return f"s3://{self._settings.project_bucket}/training"

    @property
    def _seconds(self) -> int:
        return self._configuration.limits.job_minutes * 60


def _make_parameters(configuration: ModelConfiguration) -> Parameters:
    defaults = configuration.defaults
    return Parameters(
        input_data=ParameterString(name="InputData"),
        data_hash=ParameterString(name="DataHash"),
        commit_id=ParameterString(name="CommitId"),
        processing_instance_type=ParameterString(
            name="ProcessingInstanceType", default_value=defaults.processing_instance_type
        ),
        training_instance_type=ParameterString(
            name="TrainingInstanceType", default_value=defaults.training_instance_type
        ),
        training_instance_count=ParameterInteger(
            name="TrainingInstanceCount", default_value=defaults.training_instance_count
        ),
        auc_threshold=ParameterFloat(name="AucThreshold", default_value=defaults.auc_threshold),
        model_approval_status=ParameterString(
            name="ModelApprovalStatus",
            default_value=defaults.model_approval_status,
            enum_values=["PendingManualApproval", "Approved", "Rejected"],
        ),
    )


def _input(name: str, uri: Any) -> ProcessingInput:
    source = ProcessingS3Input(
        s3_uri=uri, local_path=f"{INPUT}/{name}", s3_data_type="S3Prefix", s3_input_mode="File"
    )
    return ProcessingInput(input_name=name, s3_input=source)


def _output(name: str, uri: Any) -> ProcessingOutput:
    target = ProcessingS3Output(s3_uri=uri, local_path=f"{OUTPUT}/{name}", s3_upload_mode="EndOfJob")
    return ProcessingOutput(output_name=name, s3_output=target)


def _output_uri(step: ProcessingStep, name: str) -> Any:
    return step.properties.ProcessingOutputConfig.Outputs[name].S3Output.S3Uri


def _leave_validated(configuration: Mapping[str, Any] | None = None) -> None:
    """Stand in for the validation of what has been validated and never changes."""
