"""Statistics over seeds as SciPy and statsmodels compute them, for tests/unit/sandbox/experiment/seed_statistics_test.cc: seed_statistics.json.

  python3 -m venv V && V/bin/pip install scipy==1.17.1 statsmodels==0.15.0 && V/bin/python tests/reference/seed_statistics.py
"""
import json
import pathlib
import warnings

import numpy as np
import scipy
import statsmodels
from scipy import stats
from statsmodels.stats.multitest import multipletests

PAIRS = [
    ([98.0, 91.5, 99.5, 84.0, 96.0], [0.5, 2.0, 0.0, 1.5, 1.0]),
    ([12.0, 9.5, 15.0, 11.0, 7.5], [11.0, 10.5, 12.0, 12.5, 7.0]),
    ([3.0, 0.0, 1.5, 0.0, 0.5], [0.0, 0.0, 0.0, 0.0, 0.0]),
    ([41.0, 44.5], [12.5, 20.0]),
    ([5.0, 7.0, 6.5], [9.0, 4.5, 8.0]),
    ([22.5, 19.0, 30.0, 25.5, 17.0, 21.0, 26.5, 24.0, 18.5, 29.0], [21.0, 15.5, 31.5, 20.0, 17.5, 16.0, 22.5, 25.0, 14.0, 23.5]),
    ([10.0, 20.0, 30.0, 40.0, 50.0], [5.0, 15.0, 25.0, 35.0, 45.0]),  # equal differences: t has no value
]
HOLM = [[0.01, 0.04, 0.03, 0.005], [0.2, 0.001, 0.2, 0.9, 0.03, 0.04, 0.0004], [0.5], [0.02, 0.02, 0.02], [0.9, 0.8, 0.7]]
RANKS = [
    ([99.0, 40.0, 12.0, 8.5, 0.5], [88.0, 51.0, 9.0, 10.5, 2.0]),
    ([99.0, 40.0, 40.0, 8.5, 0.5, 0.5], [88.0, 51.0, 9.0, 10.5, 2.0, 1.0]),
    ([1.0, 2.0, 3.0], [3.0, 2.0, 1.0]),
]


def pair(first, second):
    differences = np.array(first) - np.array(second)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        interval = stats.ttest_1samp(differences, 0).confidence_interval(0.95)
        p = stats.ttest_rel(first, second).pvalue
    flips = stats.permutation_test((differences,), np.mean, permutation_type="samples", n_resamples=np.inf)
    return {"first": first, "second": second, "mean": differences.mean(), "half_width": (interval.high - interval.low) / 2,
            "p": None if np.ptp(differences) == 0 else p, "p_sign_flip": flips.pvalue}


def main():
    out = {
        "made_with": f"scipy {scipy.__version__}, statsmodels {statsmodels.__version__}",
        "student": [{"t": t, "degrees": d, "p": 2 * stats.t.sf(t, d)} for t in (0.0, 0.3, 1.0, 2.776, 12.5, 400.0) for d in (1, 2, 4, 9, 30)],
        "quantile": [{"confidence": c, "degrees": d, "t": stats.t.ppf((1 + c) / 2, d)} for c in (0.5, 0.95, 0.99) for d in (1, 2, 4, 9, 100)],
        "pairs": [pair(*values) for values in PAIRS],
        "holm": [{"p": p, "adjusted": multipletests(p, method="holm")[1].tolist()} for p in HOLM],
        "ranks": [{"x": x, "y": y, "rho": stats.spearmanr(x, y).statistic} for x, y in RANKS],
    }
    path = pathlib.Path(__file__).parent / "seed_statistics.json"
    path.write_text(json.dumps(out) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
