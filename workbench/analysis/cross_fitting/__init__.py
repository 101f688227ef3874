"""Cross-fitting: folds, models that have not seen a fold, and their calibration."""
