"""What every page shares: assets, compression, errors, formatting, security, translation."""
