"""Reference figures of performance, by an independent library: writes reference.json beside this file.

    pip install empyrical-reloaded==0.7.1 numpy==2.4.6
    python engine/tests/performance/reference.py

The tests read reference.json and need no Python. Sharpe, Sortino and drawdown are empyrical's, the figures of trades are
plain numpy. The series are drawn from numpy's PCG64 with fixed seeds, so that a run gives the same file.
"""

import importlib.metadata
import json
import pathlib

import empyrical
import numpy

DAYS_PER_YEAR = 365


def of_days(name, seed, days, drift, deviation):
    dice = numpy.random.Generator(numpy.random.PCG64(seed))
    moves = dice.normal(drift, deviation, days)
    equity = numpy.round(10_000 * numpy.cumprod(numpy.concatenate([[1.0], 1 + moves])), 2)
    returns = equity[1:] / equity[:-1] - 1
    return {
        "name": name,
        "equity": [f"{value:.2f}" for value in equity],
        "sharpe": f"{empyrical.sharpe_ratio(returns, annualization=DAYS_PER_YEAR):.4f}",
        "sortino": f"{empyrical.sortino_ratio(returns, annualization=DAYS_PER_YEAR):.4f}",
        "max_drawdown_pct": f"{-100 * empyrical.max_drawdown(returns):.6f}",
    }


def of_trades(name, seed, count):
    dice = numpy.random.Generator(numpy.random.PCG64(seed))
    net = numpy.round(dice.normal(3, 40, count), 2)
    won, lost = net[net > 0], -net[net < 0]
    return {
        "name": name,
        "net": [f"{value:.2f}" for value in net],
        "win_rate": f"{100 * len(won) / count:.2f}",
        "profit_factor": f"{won.sum() / lost.sum():.4f}",
        "expectancy": f"{net.mean():.8f}",
        "average_win": f"{won.mean():.8f}",
        "average_loss": f"{lost.mean():.8f}",
        "largest_win": f"{won.max():.2f}",
        "largest_loss": f"{lost.max():.2f}",
        "net_pnl": f"{net.sum():.2f}",
    }


reference = {
    "made_by": "engine/tests/performance/reference.py",
    "with": {name: importlib.metadata.version(name) for name in ("empyrical-reloaded", "numpy")},
    "days": [
        of_days("a good year", 1, 365, 0.002, 0.015),
        of_days("a bad month", 2, 30, -0.004, 0.02),
        of_days("a quiet quarter", 3, 90, 0.00005, 0.0004),
        of_days("two days", 4, 2, -0.001, 0.05),
    ],
    "trades": [of_trades("a year of trades", 5, 250), of_trades("a few trades", 6, 7)],
}

path = pathlib.Path(__file__).with_name("reference.json")
path.write_text(json.dumps(reference, indent=1) + "\n")
