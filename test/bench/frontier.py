#!/usr/bin/python3
"""frontier.py BUILD [--method M] [--slo S]... [--idle NAME]... FILE...

What the predictive rule costs against rivals that were tuned on the same
history, at equal overload, on series of recorded load (one file each).

The capacity of an instance makes the training part's 99.5 % quantile need
eight; a new one serves after five minutes. Every strategy's settings come from
as-backtest --frontier. A strategy's cost at an overload of 1 - S is the least
that tuning on the training part leads to: for each limit that tuning may have
kept to, from a 32nd of 1 - S to four times that, the cheapest setting that
kept it there is run on the test part, and counts if it overloaded at most
1 - S of it. In hindsight it is the cheapest setting of the test part itself;
where none of the rival's keeps 1 - S there, a constant count.

Printed for each series: the cost of ours, of the tuned rival, of it in
hindsight, of it with a schedule, of the oracle; then geometric means of ours
against each, how many are won and lost by more than half a percent, how many
only one of the two reaches, and the median share of the rival's excess over
the oracle that ours keeps. Files whose name holds that of --idle have gaps
because nothing happened: they are filled with zeros.
"""
import argparse
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile

STRATEGIES = ("predictive,predictive-untuned,hpa-tuned,hpa-schedule,"
              "static-best,oracle")


def read(path, idle):
    with open(path) as f:
        series = json.loads(f.readline())
    if idle:
        t, v = series["timestamps"], series["values"]
        step = statistics.median(b - a for a, b in zip(t, t[1:]))
        known = {round((x - t[0]) / step): y for x, y in zip(t, v)}
        n = max(known) + 1
        series["values"] = [known.get(k, 0) or 0 for k in range(n)]
        series["timestamps"] = [int(t[0] + k * step) for k in range(n)]
    return json.dumps(series)


def backtest(build, method, slo, text):
    with tempfile.NamedTemporaryFile("w", suffix=".ndjson") as f:
        f.write(text + "\n")
        f.flush()
        out = subprocess.run(
            [f"{build}/as-backtest", "--method", method, "--slo", str(slo),
             "--peak-instances", "8", "--target", "100%", "--boot-time", "5m",
             "--stamp", "start", "--max-instances", "30000", "--frontier",
             "--strategies", STRATEGIES, f.name],
            check=True, capture_output=True).stdout
    points, results = {}, {}
    for line in out.splitlines():
        r = json.loads(line)
        if r["type"] == "frontier":
            points.setdefault(r["strategy"], []).append(r)
        else:
            results[r["strategy"]] = r
    return points, results


def tuned(points, may):
    """The least cost on the test part that tuning on the other leads to"""
    limits = {may * 2 ** (k / 4) for k in range(-20, 9)}
    limits |= {p["train_overload"] for p in points
               if p["train_overload"] <= 4 * may}
    best = math.inf
    for limit in limits:
        kept = [p for p in points if p["train_overload"] <= limit]
        p = (min(kept, key=lambda p: p["train_instances"]) if kept
             else min(points, key=lambda p: p["train_overload"]))
        if p["test_overload"] <= may * 1.0001:
            best = min(best, p["test_instances"])
    return best


def hindsight(points, constant, may):
    kept = [p["test_instances"] for p in points if p["test_overload"] <= may]
    return min(kept) if kept else constant


def against(rows, rival):
    both = [math.log(r["ours"] / r[rival]) for r in rows
            if math.isfinite(r["ours"]) and math.isfinite(r[rival])]
    if not both:
        return "nowhere do both keep the slo"
    only = [sum(1 for r in rows if math.isfinite(r[a]) and
                not math.isfinite(r[b]))
            for a, b in (("ours", rival), (rival, "ours"))]
    half = math.log(1.005)
    return (f"{math.exp(statistics.fmean(both)):.3f} on {len(both)}, "
            f"{sum(x < -half for x in both)} won, "
            f"{sum(x > half for x in both)} lost, "
            f"only ours {only[0]}, only the rival {only[1]}")


def excess(rows):
    share = [(r["ours"] - r["oracle"]) / (r["hpa"] - r["oracle"])
             for r in rows if math.isfinite(r["ours"] + r["hpa"]) and
             r["hpa"] - r["oracle"] > 0.02 * r["oracle"]]
    return statistics.median(share) if share else math.nan


def contest(options, slo):
    rows, may = [], 1 - slo
    print(f"slo {slo:g}, forecasts: {options.method}")
    print(f"{'series':32} {'ours':>8} {'hpa':>8} {'hindsight':>9} "
          f"{'schedule':>8} {'oracle':>8} {'untuned overload':>17}")
    for path in options.file:
        name = os.path.basename(path).rsplit(".", 1)[0]
        idle = any(w in path for w in options.idle)
        points, results = backtest(
            options.build, options.method, slo, read(path, idle))
        row = {
            "ours": tuned(points["predictive"], may),
            "hpa": tuned(points["hpa-tuned"], may),
            "hindsight": hindsight(
                points["hpa-tuned"],
                results["static-best"]["mean_instances"], may),
            "schedule": tuned(points["hpa-schedule"], may),
            "oracle": results["oracle"]["mean_instances"],
            "untuned": results["predictive-untuned"]["overload_share"]}
        rows.append(row)
        print(f"{name:32} {row['ours']:8.3f} {row['hpa']:8.3f} "
              f"{row['hindsight']:9.3f} {row['schedule']:8.3f} "
              f"{row['oracle']:8.3f} {100 * row['untuned']:15.3f} %",
              flush=True)
    print(f"against the rival tuned:     {against(rows, 'hpa')}")
    print(f"against it in hindsight:     {against(rows, 'hindsight')}")
    print(f"against it with a schedule:  {against(rows, 'schedule')}")
    print(f"of its excess ours keeps:    {100 * excess(rows):.0f} %")
    over = [r["untuned"] for r in rows]
    print(f"untuned, overloaded:         {100 * statistics.median(over):.2f} "
          f"% (median), {100 * max(over):.2f} % (worst)\n", flush=True)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__.split("\n\n")[1],
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build")
    parser.add_argument("--method", default="online")
    parser.add_argument("--slo", type=float, action="append")
    parser.add_argument("--idle", action="append", default=[])
    parser.add_argument("file", nargs="+")
    options = parser.parse_args()
    for slo in options.slo or [0.99, 0.999]:
        contest(options, slo)


if __name__ == "__main__":
    sys.exit(main())
