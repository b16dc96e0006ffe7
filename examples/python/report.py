"""Draws one picture for the Monday meeting: the pipeline, activity by month, overdue work.

python report.py [report.png]       needs matplotlib, pandas and pyarrow
"""

from __future__ import annotations

import sys

import matplotlib

matplotlib.use("Agg")

import crm
import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter

from sample import TODAY, fill

INK, MUTED, BLUE, RED = "#1f2933", "#7b8794", "#2f6fde", "#d64545"
KINDS = {"email": "#2f6fde", "call": "#6aa5f8", "note": "#b8d4fb", "meeting": "#f0a202"}


def draw_pipeline(axes: Axes, pipeline: pd.DataFrame) -> None:
    """Shows what each stage is worth."""
    values = pipeline["total_value"].astype(float)
    bars = axes.barh(pipeline["stage"].astype(str), values, color=BLUE)
    labels = [f" {value / 1e6:.2f} M  ·  {count} leads" for value, count in zip(values, pipeline["count"], strict=True)]
    axes.bar_label(bars, labels, color=INK, fontsize=10)
    axes.invert_yaxis()
    axes.set_xlim(0, values.max() * 1.35)
    axes.xaxis.set_visible(False)
    axes.spines["bottom"].set_visible(False)
    axes.set_title("Pipeline by stage")


def draw_activity(axes: Axes, interactions: pd.DataFrame) -> None:
    """Shows the contacts of each of the last twelve months, by kind."""
    month = interactions["date"].dt.tz_localize(None).dt.to_period("M")
    table = interactions.groupby([month, interactions["type"].astype(str)]).size().unstack(fill_value=0)
    table = table.reindex(columns=list(KINDS), fill_value=0).tail(12)
    below = pd.Series(0, index=table.index)
    labels = [period.strftime("%b") for period in table.index]
    for kind, color in KINDS.items():
        axes.bar(labels, table[kind], bottom=below, color=color, label=kind, width=0.75)
        below = below + table[kind]
    axes.legend(frameon=False, ncols=4, loc="lower right", bbox_to_anchor=(1, 1), borderaxespad=0, fontsize=9)
    axes.set_ylim(0, below.max() * 1.1)
    axes.set_title("Contacts by month")


def draw_overdue(axes: Axes, due: pd.DataFrame) -> None:
    """Shows who has how much overdue work, and how much of it matters."""
    overdue = due[due["overdue"]]
    priority, who = overdue["priority"].astype(str), overdue["assigned_to_name"]
    table = overdue.groupby([who, priority]).size().unstack(fill_value=0)
    table = table.reindex(columns=["high", "medium", "low"], fill_value=0)
    table = table.loc[table.sum(axis=1).sort_values(ascending=False).index]
    left = pd.Series(0, index=table.index)
    for name, color in (("high", RED), ("medium", "#f0a202"), ("low", "#cbd2d9")):
        axes.barh(table.index.astype(str), table[name], left=left, color=color, label=f"{name} priority")
        left = left + table[name]
    for y, total in enumerate(left):
        axes.text(total + 0.4, y, str(total), va="center", color=INK, fontsize=10)
    axes.invert_yaxis()
    axes.set_xlim(0, left.max() * 1.25)
    axes.legend(frameon=False, loc="lower right", fontsize=9)
    axes.xaxis.set_visible(False)
    axes.spines["bottom"].set_visible(False)
    axes.set_title(f"Overdue tasks: {len(overdue)}")


def draw(c: crm.Crm, path: str) -> None:
    """Reads the frames and writes the picture."""
    plt.rcParams.update({
        "axes.spines.top": False, "axes.spines.right": False, "axes.spines.left": False, "axes.titlelocation": "left",
        "axes.titlesize": 13, "axes.titleweight": "bold", "axes.titlepad": 12, "text.color": INK, "axes.titlecolor": INK,
        "xtick.color": MUTED, "ytick.color": INK, "ytick.major.size": 0, "xtick.major.size": 0, "axes.edgecolor": "#cbd2d9",
    })
    figure, axes = plt.subplot_mosaic([["pipeline", "overdue"], ["activity", "activity"]], figsize=(12, 8))
    figure.suptitle(f"Sales at a glance, {TODAY:%d %B %Y}", x=0.055, ha="left", fontsize=18, fontweight="bold")
    draw_pipeline(axes["pipeline"], c.frames.pipeline().to_pandas())
    draw_overdue(axes["overdue"], c.frames.due_tasks(TODAY, statuses=["pending", "in-progress"]).to_pandas())
    draw_activity(axes["activity"], c.frames.interactions().to_pandas())
    axes["activity"].yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    axes["activity"].grid(axis="y", color="#e4e7eb", linewidth=0.8)
    axes["activity"].set_axisbelow(True)
    figure.tight_layout(rect=(0.02, 0, 0.98, 0.96), h_pad=3, w_pad=3)
    figure.savefig(path, dpi=150)
    plt.close(figure)


if __name__ == "__main__":
    path = sys.argv[1] if len(sys.argv) > 1 else "report.png"
    with crm.embedded() as c:
        fill(c)
        draw(c, path)
    print(f"the picture is {path}")
