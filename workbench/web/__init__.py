"""The screens: blueprints, forms and presenters. Knows HTTP and numbers, no SQL and no torch."""
