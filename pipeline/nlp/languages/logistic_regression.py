"""Logistic regression over named features: how likely a candidate is right."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import repeat


@dataclass(frozen=True, slots=True)
class LogisticRegression:
    """Weights by feature, scaled so that scores are calibrated probabilities. A candidate with a probability below
    ``least`` is not believed.
    """

    weights: Mapping[str, float] = field(default_factory=dict)
    least: float = 0.0

    def probability(self, features: Iterable[str]) -> float:
        """Return the probability of a candidate, 0 to 1; a feature without a weight counts nothing."""
        return 1 / (1 + math.exp(-sum(map(self.weights.get, features, repeat(0.0)))))
