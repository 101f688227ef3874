"""Webhooks: what happens here, sent signed to addresses that an admin allows (ADR 71)."""
