"""The API's function: takes API Gateway proxy events with raw records, returns the model's predictions."""
