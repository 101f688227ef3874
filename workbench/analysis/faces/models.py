"""The three networks of MediaPipe that faces are found with, read by OpenCV."""

from __future__ import annotations

from functools import partial

import cv2

from workbench.analysis.package_files import PackageFile, PackageFileError

PACKAGE = "mediapipe"
PACKAGE_VERSION = "0.10.21"

_file = partial(PackageFile, PACKAGE, PACKAGE_VERSION)

DETECTOR = _file(
    "mediapipe/modules/face_detection/face_detection_short_range.tflite",
    "bbff11cebd1eb27a1e004cae0b0e63ec8c551cbf34a4451148b4908b8db3eca8",
)
LANDMARKS = _file(
    "mediapipe/modules/face_landmark/face_landmark.tflite",
    "1055cb9d4a9ca8b8c688902a3a5194311138ba256bcc94e336d8373a5f30c814",
)
PERSON = _file(
    "mediapipe/modules/selfie_segmentation/selfie_segmentation.tflite",
    "9ee168ec7c8f2a16c56fe8e1cfbc514974cbbb7e434051b455635f1bd1462f5c",
)


class FacesUnavailableError(Exception):
    """Faces cannot be found, because a network's weights are missing; the message says which."""


def load_network(file: PackageFile) -> cv2.dnn.Net:
    """Load a network; FacesUnavailableError where its file is missing or another one.

    A network serves one thread at a time.
    """
    try:
        path = file.locate()
    except PackageFileError as error:
        raise FacesUnavailableError(str(error)) from error
    # The newer engine leaves out all outputs but the last.
    return cv2.dnn.readNetFromTFLite(str(path), cv2.dnn.ENGINE_CLASSIC)
