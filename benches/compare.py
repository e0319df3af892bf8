#!/usr/bin/env python3
"""Measures what one hop costs through nginx and through Toolgate; `./bench` builds everything and calls this.

It must never compare figures of different rounds, and never report a run in which a reply was wrong.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

import servers

CHECKOUT = servers.HERE.parent
BARS = {"cpu_us": 30.0, "idle_mb": 20.0, "start_ms": 50.0}
N_STARTS = 11


def arguments():
    parser = argparse.ArgumentParser(prog="./bench", description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5, help="how often each is measured (5)")
    parser.add_argument("--seconds", type=int, default=4, help="length of one measurement (4)")
    parser.add_argument("--connections", type=int, default=32, help="kept connections (32)")
    parser.add_argument("--workers", type=int, default=1, help="nginx worker processes (1)")
    parser.add_argument("--only", choices=["nginx", "toolgate"], help="measure only one of them")
    parser.add_argument("--bars", action="store_true", help="fail when a bar is not met")
    parser.add_argument("--json", action="store_true", help="print the JSON instead of the table")
    parser.add_argument("--toolgate", default=CHECKOUT / "target/release/toolgate", help="the gateway's binary")
    parser.add_argument("--tools", default=CHECKOUT / "target/release", help="where the testkit binaries are")
    parser.add_argument("--out", default=CHECKOUT / "target/bench.json", help="where the JSON goes")
    return parser.parse_args()


def run_json(command):
    """Runs a tool that prints one JSON object; its failure is ours."""
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"bench: {Path(command[0]).name} failed: {done.stderr.strip()} {done.stdout.strip()}")
    return json.loads(done.stdout)


def load(options, server, *limits):
    command = [Path(options.tools) / "testkit-load", "--url", server.url, "--token", servers.TOKEN]
    command += ["--connections", options.connections, *limits]
    for pid in server.pids():
        command += ["--cpu-of", pid]
    return run_json(command)


def targets(options, folder, upstream_url):
    if options.only != "toolgate":
        yield servers.nginx(folder, upstream_url, options.workers)
    if options.only != "nginx":
        for name, policy in [("toolgate", "named"), ("toolgate-limited", "limited")]:
            yield servers.toolgate(Path(options.toolgate).resolve(), folder, name, upstream_url, policy)


def measure_rounds(options, running):
    """One measurement of each in every round; who begins rotates."""
    rounds = []
    for number in range(options.rounds):
        turn = number % len(running)
        order = running[turn:] + running[:turn]
        rounds.append({server.name: load(options, server, "--seconds", options.seconds) for server in order})
        print(f"bench: round {number + 1} of {options.rounds}", file=sys.stderr)
    return rounds


def measure_starts(options, server):
    """Start to first answered call, on an empty data folder and again on the same one."""
    first_call = [Path(options.tools) / "testkit-start", "--url", server.url, "--token", servers.TOKEN, "--"]
    found = {"empty_ms": [], "used_ms": []}
    for _ in range(N_STARTS):
        subprocess.run(["rm", "-rf", str(server.folder / "data")], check=True)
        for kind in found:
            found[kind].append(run_json(first_call + server.command)["answered_ms"])
    return {kind: {"median": statistics.median(all_ms), "max": max(all_ms)} for kind, all_ms in found.items()}


def summary(rounds, name):
    def median(value):
        return statistics.median(value(measured) for measured in rounds)

    own = {
        "cpu_us": median(lambda measured: measured[name]["cpu_us_per_request"]),
        "cpu_us_all": [measured[name]["cpu_us_per_request"] for measured in rounds],
        "p50_us": median(lambda measured: measured[name]["latency_us"]["p50"]),
        "p99_us": median(lambda measured: measured[name]["latency_us"]["p99"]),
        "calls_per_second": median(lambda measured: measured[name]["requests_per_second"]),
        "calls": sum(measured[name]["requests"] for measured in rounds),
        "errors": sum(measured[name]["errors"] for measured in rounds),
    }
    if "nginx" in rounds[0]:
        own["ratio_to_nginx"] = median(
            lambda measured: measured[name]["cpu_us_per_request"] / measured["nginx"]["cpu_us_per_request"]
        )
    return own


def run(options):
    with tempfile.TemporaryDirectory(prefix="toolgate-bench-") as folder, ExitStack() as stack:
        upstream = stack.enter_context(servers.upstream(Path(options.tools), Path(folder)))
        upstream.announced()
        report = {"machine": machine(), "connections": options.connections, "servers": {}}
        chosen = list(targets(options, folder, upstream.url))
        gateways = [server for server in chosen if server.name != "nginx"]
        if gateways:
            report["start"] = measure_starts(options, gateways[0])
        for server in chosen:
            stack.enter_context(server)
            server.wait_for_port()
        for server in chosen:
            load(options, server, "--connections", 1, "--requests", 1, "--warm-up", 1)
        idle = {server.name: server.resident_kib() / 1024 for server in gateways}
        report["rounds"] = measure_rounds(options, chosen)
        for server in chosen:
            report["servers"][server.name] = summary(report["rounds"], server.name)
        for server in gateways:
            report["servers"][server.name]["idle_mb"] = idle[server.name]
            report["servers"][server.name]["loaded_mb"] = server.resident_kib() / 1024
        return report


def machine():
    model = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), "")
    return {"cpu": model, "cores": os.cpu_count(), "kernel": platform.release()}


def bars(report):
    """Each bar as (name, found, at most)."""
    gateway = report["servers"].get("toolgate")
    if gateway is None:
        return []
    limited = report["servers"]["toolgate-limited"]
    return [
        ("CPU per call, µs", gateway["cpu_us"], BARS["cpu_us"]),
        ("CPU per limited call, µs", limited["cpu_us"], BARS["cpu_us"]),
        ("idle memory, MB", gateway["idle_mb"], BARS["idle_mb"]),
        ("start to first answered call, ms", report["start"]["empty_ms"]["median"], BARS["start_ms"]),
    ]


def print_table(report):
    machine = report["machine"]
    print(f"{machine['cpu']}, {machine['cores']} cores, Linux {machine['kernel']}; {report['connections']} connections\n")
    print(f"{'':<18}{'CPU µs/call':>12}{'of nginx':>10}{'p50 µs':>9}{'p99 µs':>9}{'calls/s':>10}{'calls':>10}{'errors':>8}")
    for name, own in report["servers"].items():
        ratio = f"{own['ratio_to_nginx']:.2f}" if "ratio_to_nginx" in own else "-"
        print(
            f"{name:<18}{own['cpu_us']:>12.2f}{ratio:>10}{own['p50_us']:>9.0f}{own['p99_us']:>9.0f}"
            f"{own['calls_per_second']:>10.0f}{own['calls']:>10}{own['errors']:>8}"
        )
    if "start" in report:
        start = report["start"]
        print("\nstart to first answered call, ms (median, max of", f"{N_STARTS}):", end=" ")
        print("; ".join(f"{kind[:-3]} data folder {all_ms['median']:.1f}, {all_ms['max']:.1f}" for kind, all_ms in start.items()))
    for name, own in report["servers"].items():
        if "idle_mb" in own:
            print(f"{name}: resident {own['idle_mb']:.1f} MB idle, {own['loaded_mb']:.1f} MB after the load")
    for name, found, at_most in bars(report):
        print(f"bar: {name}: {found:.1f}, at most {at_most:.0f}: {'met' if found <= at_most else 'NOT MET'}")


def main():
    options = arguments()
    report = run(options)
    out = Path(options.out)
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(report, indent=1))
    print(json.dumps(report)) if options.json else print_table(report)
    missed = options.bars and any(found > at_most for _, found, at_most in bars(report))
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
