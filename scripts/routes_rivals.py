#!/usr/bin/env python3
"""Runs Purvey and public solvers on the same routing instances, one thread and the same time each.

usage: scripts/routes_rivals.py [--seconds 30] [--seed 1] [--solvers purvey,pyvrp,ortools,vroom] FILE.vrp ...
       scripts/routes_rivals.py --generate VISITS [--seed 1] FILE.vrp

Every answer is priced by one function here, by the rounding that best_known.csv (beside the instance) says, so
that no solver's own count is taken on trust. Seconds are those of processor time: PyVRP is ended by it, the
others by the clock, so what they took is told. The rivals come from PyPI (pyvrp, ortools, pyvroom), into a virtual
environment outside the repository; a solver that is not installed, or does not take the class of an instance, is
left out with a dash. --generate writes an instance of so many visits instead: half of them in clusters, a depot
in a corner, amounts from 1 to 100, about ten visits a route. PURVEY names the program (default: target/release/purvey).
"""

import argparse
import csv
import datetime
import math
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path


class Instance:
    """What the shared classes of VRPLIB files state."""

    def __init__(self, path):
        self.path = Path(path)
        self.head, self.parts, part = {}, {}, None
        for line in self.path.read_text().splitlines():
            words = line.replace(":", " : ").split()
            if not words or words[0] == "EOF":
                part = None
            elif words[0][0].isalpha():
                part = words[0][:-8] if words[0].endswith("_SECTION") else None
                if part:
                    self.parts[part] = []
                else:
                    self.head[words[0]] = " ".join(words[2:])
            elif part:
                self.parts[part].append([float(word) for word in words])
        self.kind = self.head["TYPE"]
        self.n = int(self.head["DIMENSION"])
        self.points = [(row[1], row[2]) for row in self.parts["NODE_COORD"]]
        self.depots = [int(row[0]) - 1 for row in self.parts["DEPOT"] if row[0] > 0]
        self.demand = self.column("DEMAND", 0.0)
        self.backhaul = self.column("BACKHAUL", 0.0)
        self.prize = self.column("PRIZE", 0.0)
        service = float(self.head.get("SERVICE_TIME", 0))
        self.service = self.column("SERVICE_TIME", service)
        for depot in self.depots:
            self.service[depot] = 0.0
        windows = self.parts.get("TIME_WINDOW")
        self.windows = [(row[1], row[2]) for row in windows] if windows else None
        count = int(self.head.get("VEHICLES", self.n - len(self.depots)))
        self.vehicles = [
            {
                "capacity": self.of_vehicle("CAPACITY", at, None),
                "fixed": self.of_vehicle("VEHICLES_FIXED_COST", at, 0.0),
                "unit": self.of_vehicle("VEHICLES_UNIT_DISTANCE_COST", at, 1.0),
                "longest": self.of_vehicle("VEHICLES_MAX_DURATION", at, math.inf),
                "depot": int(self.of_vehicle("VEHICLES_DEPOT", at, self.depots[0] + 1)) - 1,
            }
            for at in range(count)
        ]
        known = self.path.parent / "best_known.csv"
        published = {"CVRP": "nearest", "VRPB": "nearest", "VRPTW": "dimacs", "PCVRPTW": "dimacs"}
        self.best, self.rounding = None, published.get(self.kind, "exact")
        if known.exists():
            for row in csv.DictReader(known.open()):
                if row["instance"] == self.path.stem:
                    self.best, self.rounding = float(row["best_known_cost"]), row["rounding"]

    def column(self, name, default):
        rows = self.parts.get(name)
        return [row[1] for row in rows] if rows else [default] * self.n

    def of_vehicle(self, name, at, default):
        rows = self.parts.get(name)
        if rows:
            return rows[at][1]
        value = self.head.get(name)
        return float(value) if value else default

    def distance(self, a, b):
        return self.rounded(math.dist(self.points[a], self.points[b]))

    def rounded(self, length):
        """One length, or an array of them, rounded as the published costs are."""
        if self.rounding == "nearest":
            return (length + 0.5) // 1
        return (length * 10 + 1e-9) // 1 / 10 if self.rounding == "dimacs" else length

    def price(self, routes):
        """Cost of routes [(vehicle, [nodes])], and the first rule that they break."""
        cost, seen, used, broken = 0.0, set(), set(), None
        for vehicle, nodes in routes:
            kind = self.vehicles[vehicle]
            broken = broken or ("vehicle used twice" if vehicle in used else None)
            used.add(vehicle)
            way = [kind["depot"], *nodes, kind["depot"]]
            length = sum(self.distance(a, b) for a, b in zip(way, way[1:]))
            cost += kind["fixed"] + kind["unit"] * length
            for load in (self.demand, self.backhaul):
                if sum(load[node] for node in nodes) > kind["capacity"]:
                    broken = broken or "capacity"
            if self.windows:
                broken = broken or self.clock(way, kind["longest"])
            seen.update(nodes)
        if sum(len(nodes) for _, nodes in routes) != len(seen):
            broken = broken or "a node twice"
        for node in set(range(self.n)) - set(self.depots) - seen:
            cost += self.prize[node]
            broken = broken or (None if self.prize[node] > 0 else "a node is missing")
        return cost, broken

    def clock(self, way, longest):
        """Whether a way keeps its windows and its longest duration (start as late as does no harm)."""
        now, idle, room = self.windows[way[0]][0], 0.0, self.windows[way[0]][1] - self.windows[way[0]][0]
        begin = now
        for a, b in zip(way, way[1:]):
            now += self.service[a] + self.distance(a, b)
            opens, closes = self.windows[b]
            if now > closes + 1e-6:
                return "time window"
            idle += max(0.0, opens - now)
            now = max(now, opens)
            room = min(room, idle + closes - now)
        return "duration" if now - begin - min(idle, room) > longest + 1e-6 else None


def purvey(instance, seconds, seed):
    program = os.environ.get("PURVEY", "target/release/purvey")
    with tempfile.TemporaryDirectory() as folder:
        command = [program, "solve", str(instance.path), "--time-limit", f"{seconds}s", "--threads", "1"]
        command += ["--seed", str(seed), "--round", instance.rounding, "--output", folder + "/out", "--quiet"]
        subprocess.run(command, check=True)
        stops = list(csv.DictReader(open(folder + "/out/visits_plan.csv")))
    routes = {}
    for row in stops:
        if row["vehicle"]:
            routes.setdefault(int(row["vehicle"]) - 1, []).append(int(row["visit"]))
    return list(routes.items())


def pyvrp(instance, seconds, seed):
    import pyvrp as library

    began = time.process_time()
    spent = lambda best: time.process_time() - began >= seconds

    # Whole numbers inside: tenths and thousandths keep what the rounding leaves.
    scale = {"nearest": 1, "dimacs": 10, "exact": 1000}[instance.rounding]
    whole = lambda value: int(round(value * scale))
    model = library.Model()
    window = lambda node: (
        dict(tw_early=whole(instance.windows[node][0]), tw_late=whole(instance.windows[node][1])) if instance.windows else {}
    )
    places = {node: model.add_location(*map(whole, instance.points[node])) for node in range(instance.n)}
    depots = {node: model.add_depot(places[node], **window(node)) for node in instance.depots}
    clients = {}
    for node in set(range(instance.n)) - set(instance.depots):
        clients[node] = model.add_client(
            places[node], **window(node), delivery=int(instance.demand[node]), pickup=int(instance.backhaul[node]),
            service_duration=whole(instance.service[node]), prize=whole(instance.prize[node]),
            required=instance.prize[node] == 0,
        )
    kinds = {}
    for number, kind in enumerate(instance.vehicles):
        kinds.setdefault(tuple(kind.values()), []).append(number)
    order = []
    for key, numbers in kinds.items():
        kind = instance.vehicles[numbers[0]]
        limit = {} if math.isinf(kind["longest"]) else {"shift_duration": whole(kind["longest"])}
        if instance.windows:
            early, late = instance.windows[kind["depot"]]
            limit |= {"tw_early": whole(early), "tw_late": whole(late)}
        model.add_vehicle_type(
            num_available=len(numbers), capacity=int(kind["capacity"]), start_depot=depots[kind["depot"]],
            end_depot=depots[kind["depot"]], fixed_cost=whole(kind["fixed"]), unit_distance_cost=int(kind["unit"]), **limit,
        )
        order.append(list(numbers))
    far = 10**7 * scale
    for a, start in places.items():
        for b, end in places.items():
            length = whole(instance.distance(a, b))
            # Visits that unload come before those that only load, and no route has the latter alone.
            if instance.kind == "VRPB" and instance.backhaul[b] == 0 and instance.backhaul[a] > 0 and b in clients:
                length = far
            if instance.kind == "VRPB" and a in depots and instance.backhaul[b] > 0:
                length = far
            model.add_edge(start, end, distance=length, duration=length)
    found = model.solve(stop=spent, seed=seed, display=False).best
    names = list(clients)
    nodes = lambda route: [names[stop.idx] for stop in route.schedule() if stop.is_client()]
    return [(order[route.vehicle_type()].pop(0), nodes(route)) for route in found.routes()]


def ortools(instance, seconds, seed):
    from ortools.constraint_solver import pywrapcp, routing_enums_pb2

    if instance.kind == "VRPB":
        return None
    scale = {"nearest": 1, "dimacs": 10, "exact": 100}[instance.rounding]
    whole = lambda value: int(round(value * scale))
    # As many vehicles as the loads need, and some more: thousands that are alike only slow it down.
    least = sum(instance.demand) / max(kind["capacity"] for kind in instance.vehicles)
    kinds, vehicles = {}, []
    for number, kind in enumerate(instance.vehicles):
        kinds.setdefault(tuple(kind.values()), []).append(number)
    for numbers in kinds.values():
        vehicles += numbers[: int(least * 1.6) + 10]
    ends = [instance.vehicles[number]["depot"] for number in vehicles]
    manager = pywrapcp.RoutingIndexManager(instance.n, len(vehicles), ends, ends)
    routing = pywrapcp.RoutingModel(manager)
    table = [[whole(instance.distance(a, b)) for b in range(instance.n)] for a in range(instance.n)]
    node = manager.IndexToNode
    for at, number in enumerate(vehicles):
        unit = int(instance.vehicles[number]["unit"])
        cost = routing.RegisterTransitCallback(lambda a, b, unit=unit: unit * table[node(a)][node(b)])
        routing.SetArcCostEvaluatorOfVehicle(cost, at)
        routing.SetFixedCostOfVehicle(whole(instance.vehicles[number]["fixed"]), at)
    load = routing.RegisterUnaryTransitCallback(lambda a: int(instance.demand[node(a)]))
    capacities = [int(instance.vehicles[number]["capacity"]) for number in vehicles]
    routing.AddDimensionWithVehicleCapacity(load, 0, capacities, True, "load")
    if instance.windows:
        drive = routing.RegisterTransitCallback(
            lambda a, b: whole(instance.service[node(a)]) + table[node(a)][node(b)]
        )
        horizon = whole(max(late for _, late in instance.windows))
        routing.AddDimension(drive, horizon, horizon, False, "time")
        clock = routing.GetDimensionOrDie("time")
        for place in set(range(instance.n)) - set(instance.depots):
            clock.CumulVar(manager.NodeToIndex(place)).SetRange(*map(whole, instance.windows[place]))
        for at, number in enumerate(vehicles):
            early, late = map(whole, instance.windows[instance.vehicles[number]["depot"]])
            clock.CumulVar(routing.Start(at)).SetRange(early, late)
            clock.CumulVar(routing.End(at)).SetRange(early, late)
            longest = instance.vehicles[number]["longest"]
            if not math.isinf(longest):
                clock.SetSpanUpperBoundForVehicle(whole(longest), at)
    for place in set(range(instance.n)) - set(instance.depots):
        if instance.prize[place] > 0:
            routing.AddDisjunction([manager.NodeToIndex(place)], whole(instance.prize[place]))
    options = pywrapcp.DefaultRoutingSearchParameters()
    options.first_solution_strategy = routing_enums_pb2.FirstSolutionStrategy.PARALLEL_CHEAPEST_INSERTION
    options.local_search_metaheuristic = routing_enums_pb2.LocalSearchMetaheuristic.GUIDED_LOCAL_SEARCH
    options.time_limit.seconds = int(seconds)
    found = routing.SolveWithParameters(options)
    if not found:
        return []
    routes = []
    for at, number in enumerate(vehicles):
        index, nodes = found.Value(routing.NextVar(routing.Start(at))), []
        while not routing.IsEnd(index):
            nodes.append(node(index))
            index = found.Value(routing.NextVar(index))
        if nodes:
            routes.append((number, nodes))
    return routes


def vroom(instance, seconds, seed):
    import vroom as library

    # It knows limits on driving, not on whole durations.
    if instance.kind in ("PCVRPTW", "VRPB") or any(not math.isinf(kind["longest"]) for kind in instance.vehicles):
        return None
    import numpy

    scale = {"nearest": 1, "dimacs": 10, "exact": 100}[instance.rounding]
    whole = lambda value: int(round(value * scale))
    # Row by row: ten thousand places have a hundred million pairs.
    table = numpy.empty((instance.n, instance.n), dtype=numpy.uint32)
    points = numpy.array(instance.points)
    for a in range(instance.n):
        table[a] = numpy.rint(instance.rounded(numpy.hypot(*(points - points[a]).T)) * scale)
    problem = library.Input()
    problem.set_durations_matrix(profile="car", matrix_input=table)
    least = sum(instance.demand) / max(kind["capacity"] for kind in instance.vehicles)
    kinds = {}
    for number, kind in enumerate(instance.vehicles):
        kinds.setdefault(tuple(kind.values()), []).append(number)
    for numbers in kinds.values():
        for number in numbers[: int(least * 1.6) + 10]:
            kind = instance.vehicles[number]
            span = lambda node: library.TimeWindow(*map(whole, instance.windows[node]))
            more = {"time_window": span(kind["depot"])} if instance.windows else {}
            costs = library.VehicleCosts(fixed=whole(kind["fixed"]), per_hour=int(3600 * kind["unit"]))
            problem.add_vehicle(
                library.Vehicle(number, start=kind["depot"], end=kind["depot"], capacity=[int(kind["capacity"])], costs=costs, **more)
            )
    for place in set(range(instance.n)) - set(instance.depots):
        more = {"time_windows": [span(place)]} if instance.windows else {}
        problem.add_job(
            library.Job(place, location=place, delivery=library.Amount([int(instance.demand[place])]), default_service=whole(instance.service[place]), **more)
        )
    # Its own solve() refuses every timeout, as it compares its type with None; the function beneath takes one.
    timeout = datetime.timedelta(seconds=seconds)
    found = library.solution.solution.Solution(problem._solve(exploration_level=5, nb_threads=1, timeout=timeout))
    found._geometry, found._distances = problem._geometry, problem._distances
    routes = {}
    for _, row in found.routes.iterrows():
        if row["type"] == "job":
            routes.setdefault(int(row["vehicle_id"]), []).append(int(row["id"]))
    return list(routes.items())


SOLVERS = {"purvey": purvey, "pyvrp": pyvrp, "ortools": ortools, "vroom": vroom}


def generate(path, visits, seed):
    """Writes an instance with capacities alone, as X-n1001-k43 and its like are made, by Uchoa and others (2017)."""
    draw = random.Random(seed)
    side = 1000 * math.isqrt(max(1, visits // 1000))
    point = lambda: (draw.randint(0, side), draw.randint(0, side))
    centres = [point() for _ in range(max(3, visits // 150))]
    points = [(0, 0)] + [point() for _ in range(visits - visits // 2)]
    while len(points) <= visits:
        x, y = draw.choice(centres)
        near = round(draw.gauss(x, side / 60)), round(draw.gauss(y, side / 60))
        if all(0 <= at <= side for at in near):
            points.append(near)
    amounts = [0] + [draw.randint(1, 100) for _ in range(visits)]
    lines = [f"NAME : {Path(path).stem}", "TYPE : CVRP", f"DIMENSION : {visits + 1}", "EDGE_WEIGHT_TYPE : EUC_2D"]
    lines += ["CAPACITY : 500", "NODE_COORD_SECTION"]
    lines += [f"{number} {x} {y}" for number, (x, y) in enumerate(points, 1)]
    lines += ["DEMAND_SECTION"] + [f"{number} {amount}" for number, amount in enumerate(amounts, 1)]
    Path(path).write_text("\n".join(lines + ["DEPOT_SECTION", "1", "-1", "EOF", ""]))


def processor_time():
    """Seconds of processor time of this process and of those that it ran."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--solvers", default=",".join(SOLVERS))
    parser.add_argument("--generate", type=int, metavar="VISITS")
    parser.add_argument("files", nargs="+")
    arguments = parser.parse_args()
    if arguments.generate:
        for file in arguments.files:
            generate(file, arguments.generate, arguments.seed)
        return
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    print("instance,solver,cost,gap_percent,seconds,broken_rule")
    for file in arguments.files:
        instance = Instance(file)
        for name in arguments.solvers.split(","):
            began = processor_time()
            try:
                routes = SOLVERS[name](instance, arguments.seconds, arguments.seed)
            except ImportError as error:
                print(f"{instance.path.stem},{name},-,-,-,{error}", flush=True)
                continue
            taken = processor_time() - began
            if routes is None:
                print(f"{instance.path.stem},{name},-,-,-,does not take {instance.kind}", flush=True)
                continue
            cost, broken = instance.price(routes)
            gap = f"{100 * (cost / instance.best - 1):.2f}" if instance.best else "-"
            print(f"{instance.path.stem},{name},{cost:.2f},{gap},{taken:.1f},{broken or ''}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
