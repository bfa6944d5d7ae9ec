"""The custom-resource provider: CloudFormation's request comes in, a runner build (or an answer) goes out."""
