"""What SageMaker's operations do less or otherwise than AWS, for docs/fidelity.md."""

from __future__ import annotations

APPROXIMATED = {
    "CreateDomain": "moto keeps it; no Studio opens",
    "CreateAutoMLJob": "CSV with a header; XGBoost, its random forest and scikit-learn's linear models, drawn at "
    "random and not ensembled; insights and explanations (sampled Shapley values) of the best candidate as JSON alone; "
    "no notebooks; Mode HYPERPARAMETER_TUNING, sample "
    "weights, feature specifications and other algorithms are refused",
    "CreateAutoMLJobV2": "as CreateAutoMLJob, with TabularJobConfig; other problem types are refused",
    "CreateEndpoint": "one container stands for all instances of a variant; shadow variants are refused",
    "CreateEndpointConfig": "explainers are refused, and answers in the notices of asynchronous inference",
    "CreateModel": "direct invocation is refused, and several models with serverless or asynchronous endpoints; "
    "a VPC has no effect",
    "CreateFeatureGroup": "at once, and without a Glue table; collections, Iceberg and times to live are refused",
    "CreateHyperParameterTuningJob": "Grid, Random and Bayesian search (optuna's TPE); Hyperband, warm start, early "
    "stopping Auto, several training job definitions and Autotune are refused",
    "CreatePipeline": "steps of other types than those above are refused by name",
    "CreateProcessingJob": "in processes, hosts are named by addresses; manifests and file systems are refused; "
    "of a VPC only routes and endpoints count",
    "CreateTrainingJob": "in processes, hosts are named by addresses; pipe mode, compressed input, file systems "
    "and heterogeneous clusters are refused; of a VPC only routes and endpoints count",
    "CreateTransformJob": "manifests, RecordIO, TFRecord and data capture are refused; "
    "`MaxPayloadInMB` 0 sends a whole record at once, not in chunks",
    "Search": "models and experiments as moto keeps them; the resources that run here are not searched",
    "UpdateEndpoint": "`DeploymentConfig` is kept: new variants take over at once when they are healthy, and no alarm "
    "rolls them back",
}
RUNTIME_APPROXIMATED = {
    "InvokeEndpointAsync": "`MaxConcurrentInvocationsPerInstance` bounds the whole endpoint; requests that wait end "
    "with the server; metrics of the queue are not written; `S3OutputPathExtension` and `Filename` are refused",
}
