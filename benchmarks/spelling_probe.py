"""Linear probe of the words written on images."""

from __future__ import annotations

from jaxtyping import Float, Integer
from numpy import ndarray
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from torch import Tensor


def spelling_accuracy(
    fitted: Float[Tensor, "fitted feature"],
    fitted_word: Integer[ndarray, " fitted"],
    tested: Float[Tensor, "tested feature"],
    tested_word: Integer[ndarray, " tested"],
) -> float:
    """Compute the accuracy of a linear probe of the written word, on images it was not fitted on.

    In [0, 1]; chance is one over the number of words. Linear discriminant analysis of standardised
    features with Ledoit and Wolf's shrinkage: what images show besides their word is noise that the
    probe removes as well as a linear one can.
    """
    probe = make_pipeline(
        StandardScaler(), LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto")
    )
    probe.fit(fitted.numpy(), fitted_word)
    return float((probe.predict(tested.numpy()) == tested_word).mean())
