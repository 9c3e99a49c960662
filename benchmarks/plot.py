"""Draw a run's numbers: ``python -m benchmarks.plot RESULTS.json PICTURE``, in the peers' environment.

The same numbers always result in the same bytes.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

# It is installed only in the peers' environment.
import matplotlib as mpl  # type: ignore[import-not-found]
from matplotlib.figure import Figure  # type: ignore[import-not-found]

from benchmarks.chart import panels

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.chart import Panel

COLUMNS = 3
# Blue and grey also differ in lightness, for readers who cannot see colours.
OURS, OTHERS, LINE = "#0060a8", "#b5b5b5", "#444444"
BEHIND = {"facecolor": "white", "edgecolor": "none", "pad": 0.8}  # so that the line does not cross a number
ROOM = 1.22  # space beside the longest bar for its number
STYLE = {
    "svg.hashsalt": "airflow-s3ops",
    "svg.fonttype": "none",  # text stays text: a third of the bytes, and screen readers can read it
    "font.family": "DejaVu Sans",  # comes with matplotlib
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.bottom": False,
}


def draw(shown: Sequence[Panel], picture: Path) -> None:
    """Draw panels into a file; its suffix sets the format."""
    with mpl.rc_context(STYLE):
        rows = -(-len(shown) // COLUMNS)
        figure = Figure(figsize=(12, 2.7 * rows + 0.5))
        grid = figure.subplots(rows, COLUMNS, squeeze=False)
        for axes in grid.flat[len(shown) :]:
            axes.set_visible(False)
        most = max(len(panel.bars) for panel in shown)
        for axes, panel in zip(grid.flat, shown, strict=False):
            _draw(axes, panel)
            axes.set_ylim(most - 0.5, -0.5)  # from the top, all bars with the same height
        figure.suptitle("Speed relative to the amazon provider (longer is faster)", fontsize=12)
        figure.tight_layout(h_pad=2.0, w_pad=1.5, rect=(0, 0, 1, 0.99))
        metadata = {"Date": None, "Creator": None} if picture.suffix == ".svg" else {"Software": None}
        figure.savefig(picture, metadata=metadata, facecolor="white", dpi=100)


def _draw(axes: Any, panel: Panel) -> None:
    names = [bar.name for bar in panel.bars]
    longest = max(bar.speed for bar in panel.bars)
    axes.barh(
        names,
        [bar.speed for bar in panel.bars],
        color=[OURS if bar.is_ours else OTHERS for bar in panel.bars],
    )
    axes.axvline(1, color=LINE, linewidth=0.8, linestyle=(0, (3, 3)), zorder=0)
    for place, bar in enumerate(panel.bars):
        weight = "bold" if bar.is_ours else "normal"
        axes.text(bar.speed + 0.02 * longest, place, bar.text, va="center", fontweight=weight, bbox=BEHIND)
        axes.get_yticklabels()[place].set_fontweight(weight)
    axes.set_title(panel.title, loc="left", fontsize=9.5)
    axes.set_xlim(0, max(longest, 1) * ROOM)
    axes.set_xticks([])
    axes.tick_params(axis="y", length=0)


def main() -> None:
    """Draw the results of the first argument into the file of the second."""
    results, picture = map(Path, sys.argv[1:])
    draw(panels(json.loads(results.read_text(encoding="utf-8"))), picture)


if __name__ == "__main__":
    main()
