"""A client of the REST API, for scripts and notebooks: `from workbench.client import Workbench`.

It needs httpx2, and pyarrow for tables; nothing else of the workbench (ADR 74).
"""

from workbench.client.connection import WorkbenchError
from workbench.client.workbench import Workbench

__all__ = ["Workbench", "WorkbenchError"]
