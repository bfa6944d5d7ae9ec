"""The API's function: takes API Gateway proxy events with raw customer records, returns churn predictions."""
