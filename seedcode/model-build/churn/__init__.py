"""The churn model: raw customer data in, a registered model package out."""
