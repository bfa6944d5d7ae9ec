"""The income model: census records in, the best model that AutoML finds out, judged and registered."""
