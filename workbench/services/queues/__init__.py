"""Review by a team: queues, claims, what people disagree on."""
