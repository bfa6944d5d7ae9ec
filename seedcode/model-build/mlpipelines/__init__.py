"""SageMaker pipelines out of YAML: `**/conf/conf*.yaml` of the repository in, compiled and started pipelines out."""
