"""Faces: detection, 468 landmarks, and the regions of a face by name. Optional; see ADR 37."""
