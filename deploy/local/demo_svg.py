"""Pictures of the demo's output as SVG, with no library: the audit table with a bar in each cell, and text as on a terminal.

  demo_svg.py terminal OUT.svg < text     what a command printed, as a picture
"""
import sys
from xml.sax.saxutils import escape

FONT = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace"
SANS = "system-ui, 'Segoe UI', Helvetica, Arial, 'DejaVu Sans', sans-serif"
GATE = {"RELEASED": "#2e7d32", "HELD": "#b26a00", "BLOCKED": "#b71c1c"}
BAD, GOOD, TRACK = "#d9534f", "#3b7dd8", "#eceff3"
LABEL_WIDTH, CELL_WIDTH, ROW_HEIGHT, HEAD_HEIGHT, MARGIN = 210, 112, 46, 64, 20
CHARACTER, LINE = 7.83, 18  # of the terminal's font at 13 px


def text(x, y, content, size=14, fill="#1f2933", anchor="start", weight="normal", family=SANS):
    return (f'<text x="{x:g}" y="{y:g}" font-family="{family}" font-size="{size}" fill="{fill}" text-anchor="{anchor}" '
            f'font-weight="{weight}" xml:space="preserve">{escape(content)}</text>')


def box(x, y, width, height, fill, radius=0):
    return f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="{radius}" fill="{fill}"/>'


def document(width, height, parts, background):
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:g}" height="{height:g}" viewBox="0 0 {width:g} {height:g}" role="img">\n'
            + "\n".join([box(0, 0, width, height, background, 8), *parts]) + "\n</svg>\n")


def cell(x, y, content, color):
    """A share as a bar with its figure, a verdict as a badge, a dash as a dash."""
    middle = x + CELL_WIDTH / 2
    if content in GATE:
        return [box(x + 10, y + 10, CELL_WIDTH - 20, 26, GATE[content], 13), text(middle, y + 28, content, 12, "#ffffff", "middle", "bold")]
    if not content.endswith("%"):
        return [text(middle, y + 28, content, 14, "#7b8794", "middle")]
    share, width = float(content.split()[0]) / 100, CELL_WIDTH - 24
    return [text(middle, y + 22, content, 14, "#1f2933", "middle"), box(x + 12, y + 29, width, 6, TRACK, 3),
            box(x + 12, y + 29, width * share, 6, color, 3)]


def table_svg(rows, caption):
    """`rows`: a list of titles, then a list of cells for each model, as demo_table.py prints them."""
    titles, models = rows[0], rows[1:]
    width = 2 * MARGIN + LABEL_WIDTH + CELL_WIDTH * (len(titles) - 1)
    height = 2 * MARGIN + HEAD_HEIGHT + ROW_HEIGHT * len(models) + 28
    group = "attack success rate"
    parts = [text(MARGIN + LABEL_WIDTH + CELL_WIDTH * 1.5, MARGIN + 14, group, 13, "#52606d", "middle", "bold"),
             text(MARGIN + LABEL_WIDTH + CELL_WIDTH * 4, MARGIN + 14, "over-refusal", 13, "#52606d", "middle", "bold")]
    plain = {"ASR raw": "raw", "over-refusal raw": "raw", "AOA": "under AOA"}
    for i, title in enumerate(titles[1:]):
        parts.append(text(MARGIN + LABEL_WIDTH + CELL_WIDTH * (i + 0.5), MARGIN + 40, plain.get(title, title), 13, "#1f2933", "middle"))
    for r, cells in enumerate(models):
        y = MARGIN + HEAD_HEIGHT + r * ROW_HEIGHT
        parts += [box(MARGIN, y, width - 2 * MARGIN, 1, "#d2d6dc"), text(MARGIN, y + 28, cells[0], 14, weight="bold")]
        for i, content in enumerate(cells[1:]):
            color = GOOD if titles[i + 1] == "task right" else BAD
            parts += cell(MARGIN + LABEL_WIDTH + CELL_WIDTH * i, y, content, color)
    parts.append(text(MARGIN, height - MARGIN + 4, caption, 12, "#52606d"))
    return document(width, height, parts, "#ffffff")


def terminal_svg(lines):
    width = 2 * MARGIN + CHARACTER * max([80, *map(len, lines)])
    parts = []
    for i, line in enumerate(lines):
        title = line.startswith(("== ", "-- ", "$ "))
        fill = "#ffffff" if title else "#d7dde5"
        parts.append(text(MARGIN, MARGIN + 13 + i * LINE, line, 13, fill, weight="bold" if title else "normal", family=FONT))
    return document(width, 2 * MARGIN + LINE * len(lines), parts, "#1b2430")


def main(arguments):
    if len(arguments) != 2 or arguments[0] != "terminal":
        print(__doc__, file=sys.stderr)
        return 2
    with open(arguments[1], "w", encoding="utf-8") as out:
        out.write(terminal_svg(sys.stdin.read().rstrip("\n").split("\n")))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
