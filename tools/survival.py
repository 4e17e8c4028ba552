"""Kaplan-Meier: quantiles of a time to success when some trials gave up before theirs.

The mean, or the median, of the successes alone makes a search look better the earlier it gives up.
"""


def quantile(trials, q):
    """The smallest time by which a share q of all trials succeeds; None if it is beyond what was seen.

    trials: pairs of a time and whether it is that of a success (else the trial was given up then).
    """
    surviving = 1.0
    at_risk = len(trials)
    # At equal times successes come first: who gave up then was still at risk.
    for time, success in sorted(trials, key=lambda trial: (trial[0], not trial[1])):
        if success:
            surviving *= 1 - 1 / at_risk
            if surviving <= 1 - q + 1e-9:
                return time
        at_risk -= 1
    return None
