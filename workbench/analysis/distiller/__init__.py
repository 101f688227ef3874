"""The distiller: families of columns, training, calibration, the head that is kept."""
