"""Agreement of ada and ben, on verdicts and on one tag."""

from __future__ import annotations

from datetime import date

import numpy as np

from tests.web.fakes.data import CARDS
from workbench.analysis.agreement.answers import Answers
from workbench.analysis.agreement.figures import agreement
from workbench.services.agreement.breakdown import Pair, SplitImage, Splits, Week
from workbench.services.agreement.compared import Person
from workbench.services.agreement.overlaps import Overlaps
from workbench.services.agreement.report import AgreementReport, Closer, Line
from workbench.services.agreement.verdicts import Scale
from workbench.services.errors import NotFoundError

SPLIT_ON = 2


def answers(ada: str, ben: str, categories: int) -> Answers:
    """What each said, a digit an image."""
    values = np.array([[int(each) for each in ada], [int(each) for each in ben]]).T
    images = len(values)
    return Answers(
        np.repeat(np.arange(images), 2),
        np.tile([0, 1], images),
        values.ravel(),
        np.arange(images),
        categories,
    )


VERDICTS = agreement(answers("011010011010", "011010011011", 4))
SMILES = agreement(answers("000000000001", "000000000000", 2))


class AgreementReports:
    """What two people said; of the collection that is not analysed, nothing."""

    def report(
        self, collection_id: int, version_id: int | None, scale: Scale, tag_id: int | None
    ) -> AgreementReport:
        nobody = np.empty(0, np.int64)
        if collection_id != 1:
            nothing = Line(
                None, "", None, "active", agreement(Answers(nobody, nobody, nobody, nobody, 4))
            )
            return AgreementReport((nothing,), Closer(nothing, (), (), Splits(0, 0, 0, ()), None))
        if tag_id not in (None, 90):
            raise NotFoundError("Nobody put this tag on a region of this collection.")
        lines = (
            Line(None, "", None, "active", VERDICTS),
            Line(90, "fake smile <b>", 2, "active", SMILES),
        )
        ada, ben = Person(1, "ada"), Person(2, "ben <i>")
        line = lines[0] if tag_id is None else lines[1]
        return AgreementReport(
            lines,
            Closer(
                line,
                (Pair(ada, ben, line.agreement),),
                (Week(date(2026, 3, 2), line.agreement),),
                Splits(
                    1,
                    0 if tag_id else 1,
                    0,
                    (
                        SplitImage(
                            SPLIT_ON,
                            CARDS[SPLIT_ON].name,
                            (
                                (("real" if tag_id is None else "no"), ("ada",)),
                                (("fake" if tag_id is None else "yes"), ("ben <i>",)),
                            ),
                            waiting=tag_id is None,
                        ),
                    ),
                ),
                None
                if tag_id is None
                else Overlaps(1, 2, (0, 0, 0, 0, 0, 0, 2, 0, 0, 0), 0.65, 1.0),
            ),
        )
