"""The distiller: feature families, training, calibration, and the head that is kept."""
