"""From a picture to its largest face."""

from __future__ import annotations

import numpy as np
from PIL import Image

from workbench.analysis.faces.detection import detect
from workbench.analysis.faces.landmarks import find_landmarks
from workbench.analysis.faces.models import DETECTOR, LANDMARKS, PERSON, load_network
from workbench.analysis.faces.person import person_pixels
from workbench.analysis.faces.regions import Face, face_regions


class FaceFinder:
    """Finds the largest face of a picture; for one thread at a time.

    Raises FacesUnavailableError where the networks' weights are missing.
    """

    def __init__(self) -> None:
        self._detector, self._landmarks, self._person = map(
            load_network, (DETECTOR, LANDMARKS, PERSON)
        )

    def find(self, image: Image.Image) -> Face | None:
        """Find the largest face; None where there is none."""
        picture = np.asarray(image.convert("RGB"))
        for detection in detect(self._detector, picture):
            landmarks = find_landmarks(self._landmarks, picture, detection)
            if landmarks is not None:
                person = person_pixels(self._person, picture)
                return Face(landmarks, face_regions(landmarks, person))
        return None
