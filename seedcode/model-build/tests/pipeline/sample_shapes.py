"""Configurations with the keys and shapes that the sample's four examples have, and the files that they name."""

from __future__ import annotations

from collections.abc import Mapping

LGBM = """\
---
conf:
    models:
        shoppers:
            source_directory: work/shoppers
            train:
                instance_type: ml.c5.xlarge
                image_uri: SMP_ACCOUNTID.dkr.ecr.SMP_REGION.amazonaws.com/pytorch-training:1.9.0-cpu-py38
                entry_point: fit/fit.py
                base_job_name: shoppers-fit
                channels:
                    train:
                        dataFiles:
                            - sourceName: visits_train
                              fileName: s3://SMP_S3BUCKETNAME/visits/train
                    test:
                        dataFiles:
                            - sourceName: visits_test
                              fileName: s3://SMP_S3BUCKETNAME/visits/test
            registry:
                ModelRepack: "False"
                InferenceSpecification:
                    image_uri: "SMP_ACCOUNTID.dkr.ecr.SMP_REGION.amazonaws.com/lightgbm-inference:v0"
                    supported_content_types:
                        - application/json
                    supported_response_MIME_types:
                        - application/json
                    approval_status: PendingManualApproval
            transform:
              instance_type: ml.c5.xlarge
              image_uri: "see-how-the-image-is-built"
              entry_point: answer/answer.py
              content_type: application/x-npy
              channels:
                    test:
                        s3BucketName: SMP_S3BUCKETNAME
                        dataFiles:
                            - sourceName: visits_test
                              fileName: s3://SMP_S3BUCKETNAME/visits/test/x.npy
            evaluate:
              instance_type: ml.c5.xlarge
              image_uri: 'SMP_ACCOUNTID.dkr.ecr.SMP_REGION.amazonaws.com/pytorch-training:1.9.0-cpu-py38'
              entry_point: judge/judge.py
              base_job_name: shoppers-judge
              content_type: application/json
              channels:
                    test:
                        s3BucketName: SMP_S3BUCKETNAME
                        dataFiles:
                            - sourceName: visits_y
                              fileName: s3://SMP_S3BUCKETNAME/visits/test/y.npy
    sagemakerPipeline:
        pipelineName: shoppers-test
        models:
            shoppers:
                steps:
                    - step_name: shoppers-Training
                      step_class: Training
                      enable_cache: True
                    - step_name: shoppers-CreateModel
                      step_class: CreateModel
                    - step_name: shoppers-Transform
                      step_class: Transform
                      enable_cache: True
                    - step_name: shoppers-Metrics
                      step_class: Metrics
                      chain_input_source_step:
                        - shoppers-Transform
                      enable_cache: True
                    - step_name: shoppers-Register
                      step_class: RegisterModel
        dependencies:
            - shoppers-Training >> shoppers-CreateModel >> shoppers-Transform >> shoppers-Metrics >> shoppers-Register
"""

LLM = """\
---
conf:
  models:
    summaries-40b:
      source_directory: work/summaries
      preprocess:
        image_uri: 763104351884.dkr.ecr.us-east-1.amazonaws.com/pytorch-training:2.0.0-cpu-py310-ubuntu20.04-sagemaker
        entry_point: prepare/prepare.py
        base_job_name: summaries-prepare
        channels:
          training:
            dataFiles:
              - sourceName: prompts-train
                fileName:  s3://SMP_S3BUCKETNAME/summaries/in/train.arrow
          testing:
            dataFiles:
              - sourceName: prompts-test
                fileName:  s3://SMP_S3BUCKETNAME/summaries/in/test.arrow
      train:
        image_uri: 763104351884.dkr.ecr.us-east-1.amazonaws.com/pytorch-training:2.0.0-cpu-py310-ubuntu20.04-sagemaker
        entry_point: fit/fit.py
        base_job_name: summaries-fit
        instance_type: ml.g5.12xlarge
        volume_size_in_gb: 1024
        max_runtime_seconds: 86400
      transform:
        image_uri: 763104351884.dkr.ecr.us-east-1.amazonaws.com/huggingface-pytorch-inference:1.13.1-gpu-py39
        entry_point: answer/answer.py
      registry:
        ModelRepack: "False"
        InferenceSpecification:
          image_uri: 763104351884.dkr.ecr.us-east-1.amazonaws.com/huggingface-pytorch-inference:1.13.1-gpu-py39
          supported_content_types:
              - application/json
          supported_response_MIME_types:
              - application/json
          approval_status: PendingManualApproval
  sagemakerPipeline:
    pipelineName: Summaries40b
    models:
      summaries-40b:
        steps:
          - step_name: summaries-prepare
            step_class: Processing
            step_type: preprocess
            enable_cache: True
          - step_name: summaries-fit
            step_class: Training
            enable_cache: False
            step_type: train
            chain_input_source_step:
              - summaries-prepare
          - step_name: summaries-register
            step_class: RegisterModel
            enable_cache: False
    dependencies:
      - summaries-prepare >> summaries-fit >> summaries-register
"""

PCA = """\
---
conf:
    models:
        housespca:
            source_directory: work/pca
            preprocess:
                image_uri: 683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.2-1-cpu-py3
                entry_point: prepare.py
                channels:
                    train:
                        dataFiles:
                            - sourceName: raw
                              fileName: s3://SMP_S3BUCKETNAME/houses/houses.data
            train:
                image_uri: 683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.2-1-cpu-py3
                entry_point: fit.py
            registry:
                ModelRepack: "False"
                InferenceSpecification:
                    image_uri: 683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.2-1-cpu-py3
                    supported_content_types:
                        - application/json
                    supported_response_MIME_types:
                        - application/json
                    approval_status: PendingManualApproval
"""

_TF_MODEL = """\
---
conf:
    models:
        {model}:
            source_directory: work/tf
            preprocess:
                image_uri: 683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.2-1-cpu-py3
                entry_point: prepare.py
                channels:
                    train:
                        dataFiles:
                            - sourceName: raw
                              fileName: s3://SMP_S3BUCKETNAME/houses/houses.data
            train:
                image_uri: 763104351884.dkr.ecr.us-east-1.amazonaws.com/tensorflow-training:2.11.0-cpu-py39
                entry_point: fit.py
            registry:
                ModelRepack: "False"
                InferenceSpecification:
                    image_uri: 763104351884.dkr.ecr.us-east-1.amazonaws.com/tensorflow-inference:2.11.0-cpu
                    supported_content_types:
                        - application/json
                    supported_response_MIME_types:
                        - application/json
                    approval_status: PendingManualApproval
            transform:
              image_uri: 763104351884.dkr.ecr.us-east-1.amazonaws.com/tensorflow-inference:2.11.0-cpu
              entry_point: answer.py
              channels:
                  train:
            evaluate:
              image_uri: 683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.2-1-cpu-py3
              entry_point: judge.py
              channels: train
              content_type: application/json
    sagemakerPipeline:
        pipelineName: {pipeline}
        models:
{before}            {model}:
                steps:
                    - step_name: tf-Preprocessing
                      step_type: preprocess
                      step_class: Processing
{chained}                      enable_cache: True
                    - step_name: tf-Training
                      step_class: Training
                      enable_cache: True
                      chain_input_source_step:
                        - tf-Preprocessing
                    - step_name: tf-CreateModel
                      step_class: CreateModel
                    - step_name: tf-Transform
                      step_class: Transform
                      chain_input_source_step:
                        - tf-Preprocessing
                      chain_input_additional_prefix: test/x.csv
                    - step_name: tf-Metrics
                      step_class: Metrics
                      chain_input_source_step:
                        - tf-Preprocessing
                        - tf-Transform
                    - step_name: tf-Register
                      step_class: RegisterModel
        dependencies:
            - tf-Preprocessing >> tf-Training >> tf-CreateModel >> tf-Transform >> tf-Metrics >> tf-Register
{after}"""
TF = _TF_MODEL.format(model="houses", pipeline="houses-test", before="", chained="", after="")
MULTI_TF = _TF_MODEL.format(
    model="housestf",
    pipeline="houses-both",
    before="""\
            housespca:
                steps:
                    - step_name: pca-Preprocessing
                      step_class: Processing
                      step_type: preprocess
                      enable_cache: True
                    - step_name: pca-Training
                      step_class: Training
                      enable_cache: True
                      chain_input_source_step:
                        - pca-Preprocessing
                    - step_name: pca-Register
                      step_class: RegisterModel
""",
    chained="""\
                      chain_input_source_step:
                        - pca-Training
""",
    after="""\
            - pca-Preprocessing >> pca-Training >> pca-Register
            # an order across models
            - pca-Register >> tf-Register
""",
)

SCRIPTS = {
    "shoppers": ("fit/fit.py", "judge/judge.py", "answer/answer.py"),
    "summaries": ("prepare/prepare.py", "fit/fit.py", "answer/answer.py"),
    "pca": ("prepare.py", "fit.py"),
    "tf": ("prepare.py", "fit.py", "judge.py", "answer.py"),
}
FILES: Mapping[str, str] = {
    **{f"work/{folder}/{script}": "" for folder, scripts in SCRIPTS.items() for script in scripts}
}
SAMPLES: Mapping[str, Mapping[str, str]] = {
    "lgbm": {"work/shoppers/conf/conf.yaml": LGBM},
    "llm": {"work/summaries/conf/conf.yaml": LLM},
    "multi-model": {
        "work/pca/conf/conf-multi-model.yaml": PCA,
        "work/tf/conf/conf-multi-model.yaml": MULTI_TF,
    },
    "tf": {"work/tf/conf/conf.yaml": TF},
}
