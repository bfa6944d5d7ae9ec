"""XGBoost training and oneDAL-accelerated serving: raw records in, scores out."""
