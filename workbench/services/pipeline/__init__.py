"""What a run does, step by step (`run.py`), and what executes a claimed one (`executor.py`)."""
