#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""From costs measured on a small machine to what many I/O threads would reach; docs/performance.md explains it.

    bench/projection.py [--costs FILE] [--write]

With n I/O threads, per second:   X(n) = min( 1 / (m + c n),  u n / i,  network )

    m  ns of the main thread per command           c  ns more for each ring that the main thread looks at
    i  ns of an I/O thread per command             u  share of an I/O thread that is useful (0.85)

Costs and published figures are in bench/costs.json; all of it was measured on the machine named there. Published
figures are from faster machines, so one number, the speed ratio, is taken from one of them; the others check the model.
--write puts the tables into docs/performance.md and the plot into docs/images/projection.svg.
"""
import argparse
import json
import math
import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
DOCUMENT = os.path.join(ROOT, "docs", "performance.md")
PLOT = os.path.join(ROOT, "docs", "images", "projection.svg")
BEGIN, END = "<!-- projection: begin -->", "<!-- projection: end -->"
TOLERANCE = 0.30
THREADS_MAX = 32
SHOWN_THREADS = (1, 2, 4, 8, 16, 32)


class Model:
    def __init__(self, costs, system, speed=1.0):
        self.costs, self.system, self.speed = costs, system, speed

    def knows(self, load):
        return self.system["main_ns"].get(load) is not None

    def limits(self, load, threads):
        """Commands per second that each part allows."""
        main = self.system["main_ns"][load] + self.system.get("ring_ns", 0) * threads
        found = {"main thread": 1e9 / (main * self.speed),
                 "network": self.costs["nic_gbit"] * 1e9 / 8 / self.costs["bytes_on_wire"][load]}
        io = self.system["io_ns"].get(load)
        if io is not None:
            found["I/O threads"] = self.costs["io_share"] * threads * 1e9 / (io * self.speed)
        return found

    def rate(self, load, threads):
        return min(self.limits(load, threads).values())

    def bound(self, load, threads):
        found = self.limits(load, threads)
        return min(found, key=found.get)


def speed_ratio(costs):
    """How much less time the machines of the published figures take: from the last figure of the first system."""
    system = next(iter(costs["systems"].values()))
    anchor = system["published"][-1]
    slow = Model(costs, system).rate(anchor["load"], anchor["io_threads"])
    return slow / anchor["per_second"], anchor


def check_table(costs, speed, anchor):
    lines = ["| load | I/O threads | published | model | ratio | within 30 % | source |",
             "|---|--:|--:|--:|--:|---|---|"]
    for system in costs["systems"].values():
        model = Model(costs, system, speed)
        for point in system.get("published", []):
            if not model.knows(point["load"]):
                continue
            rate = model.rate(point["load"], point["io_threads"])
            ratio = rate / point["per_second"]
            verdict = "anchor" if point is anchor else \
                "yes" if abs(math.log(ratio)) <= math.log(1 + TOLERANCE) else "no"
            lines.append(f"| {point['load']} | {point['io_threads']} | {point['per_second'] / 1e6:.2f} M | "
                         f"{rate / 1e6:.2f} M "
                         f"| {ratio:.2f} | {verdict} | {point['source']} |")
    return lines


def projection_table(costs):
    lines = ["| load | system | " + " | ".join(f"{n} I/O" for n in SHOWN_THREADS) +
             f" | bound by, at {SHOWN_THREADS[3]} |",
             "|---|---|" + "--:|" * len(SHOWN_THREADS) + "---|"]
    for load in costs["loads"]:
        for name, system in costs["systems"].items():
            model = Model(costs, system)
            if not model.knows(load):
                continue
            rates = " | ".join(f"{model.rate(load, n) / 1e6:.2f} M" for n in SHOWN_THREADS)
            lines.append(f"| {load} | {name} | {rates} | {model.bound(load, SHOWN_THREADS[3])} |")
    return lines


# --- the plot ---------------------------------------------------------------------------------------------------------

WIDTH, HEIGHT, LEFT, TOP, GAP = 340, 210, 46, 46, 34
COLOURS = ("#8a8f98", "#1f6feb", "#b35900", "#2da44e")


def nice_step(top):
    power = 10 ** math.floor(math.log10(top / 4))
    return next(step * power for step in (1, 2, 2.5, 5, 10) if step * power >= top / 4)


def panel(costs, load, x0, y0):
    models = [(name, Model(costs, system), colour)
              for (name, system), colour in zip(costs["systems"].items(), COLOURS) if system["main_ns"].get(load)]
    top = max((model.rate(load, THREADS_MAX) for _, model, _ in models), default=1e6) * 1.08 / 1e6
    plot_width, plot_height = WIDTH - LEFT - 12, HEIGHT - 56

    def x(threads):
        return x0 + LEFT + plot_width * (threads - 1) / (THREADS_MAX - 1)

    def y(millions):
        return y0 + 24 + plot_height * (1 - millions / top)

    out = [f'<text x="{x0 + LEFT}" y="{y0 + 14}" font-weight="bold">{load}</text>']
    step, value = nice_step(top), 0.0
    while value <= top:
        out.append(f'<line x1="{x0 + LEFT}" y1="{y(value):.1f}" x2="{x0 + WIDTH - 12}" y2="{y(value):.1f}" '
                   f'stroke="#ddd"/>')
        out.append(f'<text x="{x0 + LEFT - 6}" y="{y(value) + 4:.1f}" text-anchor="end">{value:g}</text>')
        value += step
    for threads in SHOWN_THREADS:
        out.append(f'<text x="{x(threads):.1f}" y="{y0 + HEIGHT - 18}" text-anchor="middle">{threads}</text>')
    for _, model, colour in models:
        points = " ".join(f"{x(n):.1f},{y(model.rate(load, n) / 1e6):.1f}" for n in range(1, THREADS_MAX + 1))
        out.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>')
    return out


def draw(costs):
    columns = 2
    rows = (len(costs["loads"]) + 1) // columns
    width, height = columns * WIDTH + GAP, TOP + rows * HEIGHT + 24
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
           'font-family="sans-serif" font-size="11">', f'<rect width="{width}" height="{height}" fill="white"/>',
           '<text x="12" y="18" font-size="13">Projection: million commands per second by I/O threads, '
           "at this machine's speed</text>"]
    at = 12
    for name, colour in zip(costs["systems"], COLOURS):
        out.append(f'<rect x="{at}" y="26" width="12" height="4" fill="{colour}"/>'
                   f'<text x="{at + 16}" y="32">{name}</text>')
        at += 40 + 7 * len(name)
    for index, load in enumerate(costs["loads"]):
        out += panel(costs, load, (index % columns) * (WIDTH + GAP), TOP + (index // columns) * HEIGHT)
    return "\n".join([*out, "</svg>", ""])


def write(lines, picture):
    with open(DOCUMENT, encoding="utf-8") as file:
        text = file.read()
    head, _, rest = text.partition(BEGIN)
    _, found, tail = rest.partition(END)
    if not found:
        sys.exit(f"{DOCUMENT} lacks the lines {BEGIN} and {END}")
    with open(DOCUMENT, "w", encoding="utf-8") as file:
        file.write("\n".join([head + BEGIN, "", *lines, "", END + tail]))
    os.makedirs(os.path.dirname(PLOT), exist_ok=True)
    with open(PLOT, "w", encoding="utf-8") as file:
        file.write(picture)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--costs", default=os.path.join(ROOT, "bench", "costs.json"))
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    with open(options.costs, encoding="utf-8") as file:
        costs = json.load(file)
    speed, anchor = speed_ratio(costs)
    lines = [f"Costs of: {costs['machine']}. The machines of the published figures take {speed:.2f} of its time "
             f"(from {anchor['load']}, {anchor['source']}).", "", "Does the model predict what was published?", "",
             *check_table(costs, speed, anchor), "", 
             "Projection at this machine's speed:", "", *projection_table(costs)]
    print("\n".join(lines))
    if options.write:
        write(lines, draw(costs))


main()
