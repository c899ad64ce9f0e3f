//! The whole program against every plan there is, and the priced road against the program.
#![allow(clippy::unwrap_used, clippy::panic)]

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::super::check::check;
use super::super::problem::tests::tables;
use super::super::scenarios::PairScenarios;
use super::*;
use crate::data::Settings;
use crate::optimize::milp::Session;

/// How large a random problem is, and what its stock points share.
struct Shape {
    items: usize,
    horizon: usize,
    scenarios: usize,
    largest_demand: u32,
    /// Whether a budget, room, capacities and minimums bind besides order costs.
    limits: bool,
}

/// Items A, B, … of two suppliers at one location, planned on Monday 2024-01-29.
fn random(shape: &Shape, seed: u64) -> (Problem, Scenarios) {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let name = |at: usize| char::from(b'A' + at as u8);
    let mut texts = [
        "item,date,quantity\n".to_owned(),
        "item,unit_cost,price,holding_cost,shortage_cost,unmet_demand,volume_m3\n".to_owned(),
        "item,location,date,on_hand\n".to_owned(),
        "item,supplier,moq,order_multiple,line_cost,min_quantity,unit_price\n".to_owned(),
    ];
    for at in 0..shape.items {
        let item = name(at);
        let unmet = ["lost", "backorder"][usize::from(rng.random_range(0..3) == 0)];
        let holding = 0.1 * f64::from(rng.random_range(1..6));
        let multiple = rng.random_range(1..4);
        let moq = multiple * rng.random_range(1..4);
        let line = if shape.limits { [0.0, 0.5][rng.random_range(0..2)] } else { 0.0 };
        texts[0] += &format!("{item},2024-01-01,5\n{item},2024-01-22,5\n");
        texts[1] += &format!("{item},2,5,{holding},{},{unmet},1\n", rng.random_range(1..5));
        texts[2] += &format!("{item},main,2024-01-29,{}\n", rng.random_range(0..5));
        let supplier = ["S", "T"][at % 2];
        texts[3] += &format!("{item},{supplier},{moq},{multiple},{line},,2.2\n");
        if shape.limits && rng.random_range(0..2) == 0 {
            texts[3] += &format!("{item},{supplier},,,,{},2\n", moq + 2 * multiple);
        }
    }
    let demand = shape.largest_demand * shape.items as u32;
    let minimum = if shape.limits { rng.random_range(0..8) } else { 0 };
    let order_cost = rng.random_range(1..5);
    let capacity = if shape.limits { (2 * demand).to_string() } else { String::new() };
    let suppliers = format!(
        "supplier,lead_time_days,order_cost,minimum_money,capacity_units\nS,7,{order_cost},{minimum},{capacity}\nT,7,2,,\n"
    );
    let room = format!("location,storage_m3\nmain,{}\n", 2 * demand + 5);
    let mut all: Vec<(&str, &str)> =
        ["sales", "items", "stock", "sourcing"].into_iter().zip(texts.iter().map(String::as_str)).collect();
    all.push(("suppliers", &suppliers));
    let mut settings = Settings::default()
        .with("horizon", shape.horizon)
        .with("scenarios", shape.scenarios)
        .with("plan_date", "2024-01-29");
    if shape.limits {
        all.push(("locations", &room));
        let spend = f64::from(demand * shape.horizon as u32);
        settings = settings.with("budget", 0.5 * spend * (1.0 + rng.random_range(0.0..1.0)));
    }
    let problem = Problem::read("test", tables(&all), &settings).unwrap_or_else(|faults| panic!("{faults}"));
    let cells = shape.horizon * shape.scenarios;
    let shortage = |item: usize| match problem.items[item].service {
        super::super::problem::Service::ShortageCost(cost) => cost,
        _ => 3.0,
    };
    let pairs = problem.pairs.iter().map(|pair| PairScenarios {
        demand: (0..cells).map(|_| rng.random_range(0..=shape.largest_demand) as f32).collect(),
        lead_time_days: vec![7; pair.sources.len() * shape.scenarios],
        shortage_cost: shortage(pair.item),
        ..PairScenarios::default()
    });
    let pairs = pairs.collect();
    let scenarios = Scenarios { count: shape.scenarios, horizon: shape.horizon, pairs };
    (problem, scenarios)
}

/// Least cost of the program, or that it has no answer.
fn exact(limits: &Limits, points: &[StockPoint<'_>]) -> Option<f64> {
    let program = whole::whole(limits, points).unwrap().program;
    let solved = Session::new(&program).unwrap().solve(&Control::default().with_gap(0.0)).unwrap();
    match solved.outcome.termination {
        Termination::Optimal => solved.outcome.objective,
        Termination::Infeasible => None,
        other => panic!("{other:?}"),
    }
}

/// Least cost over every plan, as the checker prices and allows it.
fn every_plan(problem: &Problem, scenarios: &Scenarios, most: f64) -> Option<f64> {
    // One control, and so one pool of threads, for all plans.
    fn walk(of: &(&Problem, &Scenarios, f64, Control), lines: &mut Vec<OrderLine>, at: usize) -> f64 {
        let (problem, scenarios, most, control) = (of.0, of.1, of.2, &of.3);
        let buckets = problem.horizon - 1;
        let sources = problem.pairs[0].sources.len();
        if at == problem.pairs.len() * sources * buckets {
            let checked = check(problem, scenarios, &Plan::new(lines.clone()), None, control);
            return if checked.violations.is_empty() { checked.cost.total() } else { f64::INFINITY };
        }
        let (pair, bucket) = (at / buckets / sources, at % buckets);
        let (index, of_pair) = (at / buckets % sources, &problem.pairs[pair]);
        let mut least = walk(of, lines, at + 1);
        let source = &of_pair.sources[index];
        let mut quantity = (source.moq / source.multiple).ceil().max(1.0) * source.multiple;
        while quantity <= most {
            lines.push(OrderLine { pair, source: index, bucket, quantity });
            least = least.min(walk(of, lines, at + 1));
            lines.pop();
            quantity += source.multiple;
        }
        least
    }
    let control = Control::default().with_threads(1);
    let least = walk(&(problem, scenarios, most, control), &mut Vec::new(), 0);
    least.is_finite().then_some(least)
}

fn assert_same(found: f64, wanted: f64, seed: u64) {
    assert!((found - wanted).abs() <= 1e-6 * wanted.abs().max(1.0), "seed {seed}: {found} {wanted}");
}

#[test]
fn the_whole_program_is_as_good_as_the_best_of_all_plans() {
    let shape = Shape { items: 2, horizon: 3, scenarios: 2, largest_demand: 4, limits: true };
    let mut answered = 0;
    for seed in 0..14 {
        let (problem, scenarios) = random(&shape, seed);
        let limits = Limits::new(&problem).unwrap();
        let control = Control::default().with_threads(1);
        let points = stock_points(&problem, &scenarios, &limits, None, &control).unwrap();
        let best = every_plan(&problem, &scenarios, 14.0);
        match (exact(&limits, &points), best) {
            (Some(found), Some(best)) => {
                answered += 1;
                assert_same(found, best, seed);
            }
            (found, best) => assert_eq!(found, best, "seed {seed}"),
        }
    }
    assert!(answered > 10);
}

/// One split item under a budget: T delivers `lead` days after the order, in multiples.
struct SplitCase {
    lead: u16,
    multiple: u32,
    share: f64,
    /// `minimum_money,capacity_units` of T, whose one buyer it is.
    asks: &'static str,
    /// A row of `locks`.
    lock: &'static str,
    /// Price of a unit from T.
    price: f64,
}

fn split_case(case: &SplitCase) -> (Problem, Scenarios) {
    let SplitCase { lead, multiple, share, asks, lock, price } = case;
    let sourcing = format!(
        "item,supplier,share,order_multiple,line_cost,unit_price\nA,S,{share},1,0.3,2\nA,T,{},{multiple},0.2,{price}\n",
        1.0 - share
    );
    let suppliers = format!(
        "supplier,lead_time_days,order_cost,minimum_money,capacity_units\nS,7,1,,\nT,{lead},0.5,{asks}\n"
    );
    let locks = format!("item,supplier,order_date,quantity\n{lock}");
    let all = [
        ("sales", "item,date,quantity\nA,2024-01-01,5\nA,2024-01-22,5\n"),
        ("items", "item,unit_cost,price,holding_cost,shortage_cost,unmet_demand\nA,2,5,0.3,3,lost\n"),
        ("stock", "item,location,date,on_hand\nA,main,2024-01-29,1\n"),
        ("sourcing", sourcing.as_str()),
        ("suppliers", suppliers.as_str()),
        ("locks", locks.as_str()),
    ];
    let settings = [("horizon", "3"), ("scenarios", "2"), ("plan_date", "2024-01-29"), ("budget", "60")];
    let settings = settings.iter().fold(Settings::default(), |all, (key, value)| all.with(*key, *value));
    let problem = Problem::read("test", tables(&all), &settings).unwrap_or_else(|faults| panic!("{faults}"));
    // The horizon reaches over the longest lead time.
    let demand = match problem.horizon {
        3 => vec![1.0, 4.0, 6.0, 0.0, 5.0, 3.0],
        _ => vec![1.0, 2.0, 3.0, 0.0, 2.0, 1.0, 0.0, 2.0],
    };
    let lead_time_days = vec![7, 7, *lead, *lead];
    let pair = PairScenarios { demand, lead_time_days, shortage_cost: 3.0, ..PairScenarios::default() };
    let scenarios = Scenarios { count: 2, horizon: problem.horizon, pairs: vec![pair] };
    (problem, scenarios)
}

/// Parts of split orders are free within what the check allows, also where one source delivers
/// later or not at all, asks for a least or a most of its own, or a part is locked: the program is
/// as good as the best of all plans there too.
#[test]
fn the_whole_program_splits_orders_as_the_check_allows() {
    let plain = SplitCase { lead: 7, multiple: 2, share: 0.5, asks: "6,", lock: "", price: 1.8 };
    let lock_s = "A,S,2024-01-29,4\n";
    let lock_t = "A,T,2024-02-05,6\n";
    let cases = [
        SplitCase { ..plain },
        SplitCase { lead: 14, ..plain },
        SplitCase { lead: 14, multiple: 3, share: 0.25, ..plain },
        SplitCase { multiple: 3, share: 0.75, ..plain },
        SplitCase { lead: 21, multiple: 3, ..plain },
        SplitCase { lead: 21, multiple: 3, share: 0.75, asks: ",", ..plain },
        SplitCase { asks: "11,", ..plain },
        SplitCase { asks: "6,5", ..plain },
        SplitCase { multiple: 3, share: 0.25, asks: ",7", ..plain },
        SplitCase { asks: "6,", price: 0.0, ..plain },
        SplitCase { lock: lock_s, asks: ",", ..plain },
        SplitCase { lock: lock_s, ..plain },
        SplitCase { lock: lock_t, lead: 14, ..plain },
        SplitCase { lock: lock_s, lead: 21, multiple: 3, ..plain },
    ];
    for (at, case) in cases.iter().enumerate() {
        let (problem, scenarios) = split_case(case);
        let limits = Limits::new(&problem).unwrap();
        let control = Control::default().with_threads(1).with_gap(1e-6);
        let points = stock_points(&problem, &scenarios, &limits, None, &control).unwrap();
        let most = if problem.horizon == 3 { 9.0 } else { 6.0 };
        let best = every_plan(&problem, &scenarios, most);
        let program = exact(&limits, &points);
        assert_eq!(program.is_some(), best.is_some(), "case {at}: {program:?} {best:?}");
        let closed = plan(&problem, &scenarios, None, &control).unwrap();
        let (Some(program), Some(best)) = (program, best) else {
            assert_eq!(closed.outcome.objective, None, "case {at}");
            continue;
        };
        assert_same(program, best, at as u64);
        let (Some(cost), Some(bound)) = (closed.outcome.objective, closed.outcome.bound) else {
            panic!("case {at}: {:?}", closed.outcome);
        };
        assert!(bound <= best + 1e-6 && cost >= best - 1e-6, "case {at}: {bound} {best} {cost}");
        let checked = check(&problem, &scenarios, &closed.plan, None, &control);
        assert!(checked.violations.is_empty(), "case {at}: {:?}", checked.violations);
        assert_same(checked.cost.total(), cost, at as u64);
    }
}

/// Where the preferred source may not deliver enough, the next one is bought from beside it: the
/// program is as good as the best of all plans, and so is the search where no limit is shared.
#[test]
fn the_next_source_serves_what_the_preferred_one_cannot() {
    // What S asks for, lead time of T and its spread, moq and multiple of T, locks.
    for (asks, lead, spread, of_t, lock) in [
        (",4", 7, "", ",", ""),
        (",4", 14, "", ",", ""),
        ("9,", 7, "", ",", ""),
        (",4", 7, "", ",", "A,T,2024-01-29,2\nA,S,2024-02-05,3\n"),
        (",4", 14, "", ",", "A,T,2024-01-29,2\n"),
        (",4", 7, "", "3,2", "A,S,2024-01-29,1\n"),
        (",4", 7, "4", ",3", ""),
        (",4", 7, "4", "2,3", "A,T,2024-02-05,3\n"),
    ] {
        let suppliers = format!(
            "supplier,lead_time_days,lead_time_sd_days,order_cost,minimum_money,capacity_units\n\
             S,7,,1,{asks}\nT,{lead},{spread},0.5,,\n"
        );
        let sourcing =
            format!("item,supplier,preference,unit_price,moq,order_multiple\nA,S,1,2,,\nA,T,2,2.4,{of_t}\n");
        let locks = format!("item,supplier,order_date,quantity\n{lock}");
        for budget in [true, false] {
            let all = [
                ("sales", "item,date,quantity\nA,2024-01-01,5\nA,2024-01-22,5\n"),
                ("items", "item,unit_cost,price,holding_cost,shortage_cost,unmet_demand\nA,2,5,0.3,3,lost\n"),
                ("stock", "item,location,date,on_hand\nA,main,2024-01-29,1\n"),
                ("sourcing", sourcing.as_str()),
                ("suppliers", suppliers.as_str()),
                ("locks", locks.as_str()),
            ];
            let mut settings =
                Settings::default().with("horizon", 3).with("scenarios", 2).with("plan_date", "2024-01-29");
            if budget {
                settings = settings.with("budget", 60);
            }
            let problem =
                Problem::read("test", tables(&all), &settings).unwrap_or_else(|faults| panic!("{faults}"));
            // The horizon reaches over the longest lead time.
            let (demand, most) = match problem.horizon {
                3 => (vec![1.0, 8.0, 6.0, 0.0, 9.0, 3.0], 9.0),
                _ => (vec![1.0, 3.0, 5.0, 0.0, 2.0, 4.0, 0.0, 6.0], 6.0),
            };
            let pair = PairScenarios {
                demand,
                lead_time_days: vec![7, 7, lead, lead + if spread.is_empty() { 0 } else { 7 }],
                shortage_cost: 3.0,
                ..PairScenarios::default()
            };
            let scenarios = Scenarios { count: 2, horizon: problem.horizon, pairs: vec![pair] };
            let limits = Limits::new(&problem).unwrap();
            let control = Control::default().with_threads(1).with_gap(1e-6);
            let points = stock_points(&problem, &scenarios, &limits, None, &control).unwrap();
            let best = every_plan(&problem, &scenarios, most).unwrap();
            if !limits.is_empty() {
                assert_same(exact(&limits, &points).unwrap(), best, u64::from(lead));
            }
            let answer = plan(&problem, &scenarios, None, &control).unwrap();
            assert_same(answer.outcome.objective.unwrap(), best, u64::from(lead));
            assert!(answer.outcome.bound.unwrap() <= best + 1e-6, "{asks} {lead} {lock}");
            let checked = check(&problem, &scenarios, &answer.plan, None, &control);
            assert!(checked.violations.is_empty(), "{:?}", checked.violations);
            assert_same(checked.cost.total(), best, u64::from(lead));
            let sources: std::collections::BTreeSet<usize> =
                answer.plan.lines.iter().map(|line| line.source).collect();
            assert!(
                asks != ",4" || !spread.is_empty() || sources.len() == 2,
                "{asks} {lead} {lock}: {:?}",
                answer.plan
            );
        }
    }
}

#[test]
fn prices_bound_the_optimum_and_the_closer_reaches_it() {
    let shape = Shape { items: 3, horizon: 6, scenarios: 4, largest_demand: 6, limits: true };
    for seed in 100..112 {
        let (problem, scenarios) = random(&shape, seed);
        let limits = Limits::new(&problem).unwrap();
        let control = Control::default().with_threads(1);
        let points = stock_points(&problem, &scenarios, &limits, None, &control).unwrap();
        let best = exact(&limits, &points).unwrap();
        let slack = 1e-6 * best.abs().max(1.0);
        let priced = allocate(&points, &limits.coupling, &AllocationOptions::default(), &control).unwrap();
        assert!(priced.outcome.bound.unwrap() <= best + slack, "seed {seed}: {:?} {best}", priced.outcome);
        assert!(priced.outcome.objective.is_none_or(|cost| cost >= best - slack), "seed {seed}");

        let closed = plan(&problem, &scenarios, None, &control).unwrap();
        let cost = closed.outcome.objective.unwrap();
        assert!(cost - best <= control.limits.gap * cost + slack, "seed {seed}: {cost} {best}");
        assert!(closed.outcome.bound.unwrap() <= best + slack, "seed {seed}: {:?} {best}", closed.outcome);
        let checked = check(&problem, &scenarios, &closed.plan, None, &control);
        assert!(checked.violations.is_empty(), "seed {seed}: {:?}", checked.violations);
        assert_same(checked.cost.total(), cost, seed);
    }
}

#[test]
fn settings_of_joint_orders_are_proved_without_the_program() {
    let shape = Shape { items: 3, horizon: 11, scenarios: 2, largest_demand: 7, limits: false };
    for seed in 200..204 {
        let (problem, scenarios) = random(&shape, seed);
        let limits = Limits::new(&problem).unwrap();
        let control = Control::default().with_threads(1).with_gap(1e-6);
        let points = stock_points(&problem, &scenarios, &limits, None, &control).unwrap();
        let best = exact(&limits, &points).unwrap();
        let found = allocate(&points, &limits.coupling, &AllocationOptions::default(), &control).unwrap();
        let (cost, bound) = (found.outcome.objective.unwrap(), found.outcome.bound.unwrap());
        let slack = 1e-6 * best.abs().max(1.0);
        assert!(bound <= best + slack && best <= cost + slack, "seed {seed}: {bound} {best} {cost}");
        assert!(cost <= 1.01 * best && bound >= 0.89 * best, "seed {seed}: {bound} {best} {cost}");
    }
}

#[test]
fn a_start_is_taken_as_it_is() {
    let shape = Shape { items: 3, horizon: 5, scenarios: 3, largest_demand: 6, limits: true };
    let (problem, scenarios) = random(&shape, 300);
    let limits = Limits::new(&problem).unwrap();
    let control = Control::default().with_threads(1);
    let points = stock_points(&problem, &scenarios, &limits, None, &control).unwrap();
    let priced = allocate(&points, &limits.coupling, &AllocationOptions::default(), &control).unwrap();
    let whole = whole::whole(&limits, &points).unwrap();
    let mut values = vec![0.0; whole.program.columns()];
    for (column, value) in whole.start(&points, &priced.chosen, &priced.open) {
        values[column] = value;
    }
    assert_eq!(whole.plans(&points, &values).unwrap(), priced.chosen);
    assert_eq!(whole.open(&values), priced.open);
}

/// Sums of the rows that the plans use.
fn usage(limits: &Limits, points: &[StockPoint<'_>], plans: &[PointPlan]) -> Vec<f64> {
    let mut used = vec![0.0; limits.rows.len()];
    for (point, plan) in points.iter().zip(plans) {
        point.usage_of(plan).iter().for_each(|&(row, amount)| used[row as usize] += amount);
    }
    used
}

#[test]
fn polish_saves_what_it_says_keeps_the_limits_and_mends_poor_plans() {
    let shape = Shape { items: 2, horizon: 5, scenarios: 3, largest_demand: 9, limits: true };
    let (mut saved_in, mut optimal_in) = (0, 0);
    for seed in 400..420 {
        let (problem, scenarios) = random(&shape, seed);
        let limits = Limits::new(&problem).unwrap();
        // Few rounds and no program leave plans that can be bettered.
        let control = Control::default().with_threads(1).with_work(6);
        let points = stock_points(&problem, &scenarios, &limits, None, &control).unwrap();
        let options = AllocationOptions { most_master_columns: 0, ..AllocationOptions::default() };
        let mut priced = allocate(&points, &limits.coupling, &options, &control).unwrap();
        let Some(before) = priced.outcome.objective else { continue };
        let saved = polish::polish(&limits, &points, &mut priced.chosen, &mut priced.row_usage, &control);
        let used = usage(&limits, &points, &priced.chosen);
        for ((row, used), kept) in limits.coupling.rows().iter().zip(&used).zip(&priced.row_usage) {
            assert!((used - kept).abs() <= 1e-9 * used.abs().max(1.0));
            assert!(row.upper == 0.0 || row.lower.is_finite() || row.allows(*used), "seed {seed}: {row:?}");
        }
        let switches = limits.coupling.switches().iter().zip(&priced.open);
        let orders: f64 = switches.map(|(switch, &copies)| switch.cost * f64::from(copies)).sum();
        let after = orders + priced.chosen.iter().map(PointPlan::cost).sum::<f64>();
        assert_same(after, before - saved, seed);
        assert!(saved >= 0.0);
        let best = exact(&limits, &points).unwrap();
        saved_in += usize::from(saved > 0.0);
        optimal_in += usize::from(before > 1.01 * best && after <= best + 1e-6);
    }
    assert!(saved_in > 0 && optimal_in > 0, "{saved_in} {optimal_in}");
}

#[test]
fn restore_brings_plans_back_within_a_budget() {
    let shape = Shape { items: 3, horizon: 5, scenarios: 3, largest_demand: 6, limits: true };
    let (mut problem, scenarios) = random(&shape, 500);
    let control = Control::default().with_threads(1);
    let (spent, mut plans) = {
        let limits = Limits::new(&problem).unwrap();
        let points = stock_points(&problem, &scenarios, &limits, None, &control).unwrap();
        let priced = allocate(&points, &limits.coupling, &AllocationOptions::default(), &control).unwrap();
        (priced.row_usage[limits.row(Family::Budget).unwrap() as usize], priced.chosen)
    };
    if let Some((budget, _)) = &mut problem.budget {
        *budget = 0.9 * spent;
    }
    let limits = Limits::new(&problem).unwrap();
    let points = stock_points(&problem, &scenarios, &limits, None, &control).unwrap();
    let mut used = usage(&limits, &points, &plans);
    assert!(polish::restore(&limits, &points, &mut plans, &mut used));
    let row = limits.row(Family::Budget).unwrap() as usize;
    assert!(used[row] <= 0.9 * spent + 1e-6);
    assert_eq!(used, usage(&limits, &points, &plans));
}
