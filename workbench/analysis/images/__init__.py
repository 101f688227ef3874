"""Images before any encoder: normalisation, JPEG quality, planted patterns."""
