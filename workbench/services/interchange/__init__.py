"""Labels on their way out of the workbench and into it, in the formats of other tools."""
