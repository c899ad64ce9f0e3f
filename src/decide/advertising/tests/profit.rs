//! Tests of the profit goal.

use super::*;

fn with_profit(curves: Table, settings: Settings) -> Box<dyn Prepared> {
    let settings = settings.with("objective", "profit");
    Advertising.prepare(input(curves, settings), &Control::default()).unwrap()
}

#[test]
fn profit_is_spent_for_until_one_more_unit_brings_back_one() {
    let settings = || Settings::default().with("budget", 500.0);
    let prepared = with_profit(curves(), settings());
    let solution = prepared.solve(&SolveOptions::default()).unwrap();
    // 100 x / (x + 10) has a slope of 1 at sqrt(1000) - 10; the small channel begins at 1 and is left out.
    let level = 1000.0_f64.sqrt() - 10.0;
    for (found, known) in spend(&solution).iter().zip([level, level, 0.0]) {
        assert!((found - known).abs() < 1e-9, "{found} {known}");
    }
    let known = 2.0 * (100.0 * level / (level + 10.0) - level);
    let objective = solution.outcome.objective.unwrap();
    assert!((objective - known).abs() < 1e-9 && solution.outcome.bound == Some(objective));
    assert_eq!(solution.outcome.termination, Termination::Optimal);
    let text = solution.headline.join(" ");
    assert!(text.contains("earns") && text.contains("stay unspent: one more unit of money"), "{text}");
    let table = solution.tables.get("spend").unwrap();
    assert!((table.number("marginal_return").unwrap()[0] - 1.0).abs() < 1e-9);
    let kpi = |name: &str| solution.kpis.iter().find(|(label, _)| label == name).unwrap().1;
    assert!((kpi("unspent") - (500.0 - 2.0 * level)).abs() < 1e-9);
    let checked = prepared.check(&plan(&[("search", level), ("social", level)])).unwrap();
    assert!((checked.objective.unwrap() - known).abs() < 1e-9);
    // Twice the margin is worth more spend; a budget that is too small is spent whole.
    let twice =
        with_profit(curves(), settings().with("margin", 2.0)).solve(&SolveOptions::default()).unwrap();
    assert!((spend(&twice)[0] - (2000.0_f64.sqrt() - 10.0)).abs() < 1e-9);
    let small = with_profit(curves(), Settings::default().with("budget", 30.0));
    assert!((spend(&small.solve(&SolveOptions::default()).unwrap())[0] - 15.0).abs() < 1e-9);
    let told = prepared.present(&solution);
    assert!(told.figures.iter().any(|figure| figure.label == "Profit"));
    let explanation = prepared.explain(&SolveOptions::default()).unwrap();
    assert!(explanation.binding.is_empty(), "{explanation:?}");
}

#[test]
fn no_split_on_a_grid_earns_more() {
    // Steps of 1 make the grid all there is; shapes on both sides of 1, margins and minimums.
    let mut state = 7_u64;
    let mut random = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as f64 / (1_u64 << 31) as f64
    };
    for case in 0..40 {
        let mut draw =
            |from: f64, width: f64| -> Vec<f64> { (0..3).map(|_| from + width * random()).collect() };
        let (a, k, s, margin) = (draw(5.0, 40.0), draw(1.0, 9.0), draw(0.6, 3.0), draw(0.3, 1.5));
        let least: Vec<f64> = draw(-4.0, 6.0).into_iter().map(|x| x.max(0.0).floor()).collect();
        let budget = [6.0, 12.0, 40.0][case % 3];
        let table = Table::new("response_curves")
            .with_text("channel", ["a", "b", "c"])
            .with_number("a", a.clone())
            .with_number("k", k.clone())
            .with_number("s", s.clone())
            .with_number("margin", margin.clone())
            .with_number("min", least.clone())
            .with_number("max", [12.0; 3])
            .with_number("step", [1.0; 3]);
        let gain = |c: usize, x: f64| {
            let ratio = (x / k[c]).powf(s[c]);
            margin[c] * a[c] * ratio / (ratio + 1.0) - x
        };
        let mut best = f64::NEG_INFINITY;
        let steps = |c: usize| (least[c] as usize..=12).map(|step| step as f64);
        for (x, y) in steps(0).flat_map(|x| steps(1).map(move |y| (x, y))) {
            for z in steps(2).filter(|z| x + y + z <= budget) {
                best = best.max(gain(0, x) + gain(1, y) + gain(2, z));
            }
        }
        let settings = Settings::default().with("budget", budget);
        let solution = with_profit(table, settings).solve(&SolveOptions::default()).unwrap();
        let found = solution.outcome.objective.unwrap();
        assert!((found - best).abs() < 1e-6, "case {case}: {found}, by trying all {best}");
        assert!(solution.outcome.bound.unwrap() >= best - 1e-9, "case {case}");
        assert_eq!(solution.outcome.termination, Termination::Optimal);
    }
}

#[test]
fn profit_beside_a_target_or_goals_is_refused() {
    for (name, value) in [("max_cpa", "2"), ("goals", "response, spend")] {
        let settings = Settings::default().with("budget", 30.0).with("objective", "profit").with(name, value);
        let faults = Advertising.validate(input(curves(), settings), &Control::default()).unwrap_err();
        assert!(faults.as_slice()[0].message.contains("profit does not go together"), "{faults:?}");
    }
}
