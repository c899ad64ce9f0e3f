//! Holds price tests to every rule, straight from the problem: which price each store has in which period.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use super::super::super::Violation;
use super::super::problem::{Following, Problem, TrialRules, same, shares};
use super::{ROUNDING, at};
use crate::data::Table;

/// A row of the table.
struct Row {
    place: String,
    product: usize,
    store: String,
    days: (i32, i32),
    price: f64,
    /// What the plan says of it, where it says it.
    arm: String,
    loss: f64,
}

/// The rules that a plan's table `price_tests` breaks, given the prices without tests.
pub(in super::super) fn trials(problem: &Problem, prices: &[f64], table: &Table) -> Vec<Violation> {
    let mut broken = Vec::new();
    let Some(rules) = &problem.trials else {
        if !table.is_empty() {
            let text =
                format!("{} tests prices, and no test is allowed (test_loss, test_loss_share)", table.file());
            broken.push(violation("test_loss", text, table.len() as f64));
        }
        return broken;
    };
    let rows = rows(problem, prices, table, &mut broken);
    for row in &rows {
        one(problem, row, &mut broken);
        said(problem, rules, prices, row, &mut broken);
    }
    extent(problem, rules, prices, &rows, &mut broken);
    together(problem, prices, &rows, &mut broken);
    for_all(problem, rules, prices, &rows, &mut broken);
    broken
}

fn violation(rule: &str, text: String, amount: f64) -> Violation {
    Violation { rule: rule.to_owned(), text, amount }
}

fn rows(problem: &Problem, prices: &[f64], table: &Table, broken: &mut Vec<Violation>) -> Vec<Row> {
    let number = |name: &str, row: usize| table.number(name).map_or(f64::NAN, |all| all[row]);
    let day = |name: &str, row: usize| table.date(name).map(|days| days[row]);
    let mut rows = Vec::new();
    for row in 0..table.len() {
        let place = format!("{}:{}", table.file(), table.row_number(row));
        let code = table.cell_text("product", row);
        let product = problem.index_of(&code).filter(|&at| !problem.is_cleared(at));
        let days = day("from", row).zip(day("until", row)).filter(|days| days.0 <= days.1);
        let (Some(product), Some(days)) = (product, days) else {
            let text = format!("{code} has no price of its own to test in these days ({place})");
            broken.push(violation("price_test", text, 0.0));
            continue;
        };
        let store = table.cell_text("group", row);
        let sells = |following: &Following| following.stores.iter().any(|&it| problem.store(it) == store);
        if !problem.following(product).is_none_or(sells) {
            broken.push(violation("price_test", format!("{code} is not sold at {store} ({place})"), 0.0));
            continue;
        }
        let control = number("control_price", row);
        if !same(control, prices[product]) {
            let text = format!("without test {code} costs {}, not {control} ({place})", prices[product]);
            broken.push(violation("price_test", text, (control - prices[product]).abs()));
        }
        let price = number("price", row);
        let (arm, loss) = (table.cell_text("arm", row), number("expected_loss", row));
        rows.push(Row { place, product, store, days, price, arm, loss });
    }
    rows
}

/// Rules of one price.
fn one(problem: &Problem, row: &Row, broken: &mut Vec<Violation>) {
    let product = &problem.products[row.product];
    for limit in product.limits.iter().filter(|limit| !limit.holds(row.price, product.price_now)) {
        let (low, high) = limit.range(product.price_now);
        let said = limit.text(product.price_now);
        let text = format!(
            "the test price of {} is {}; it {said} ({}; {})",
            product.code,
            row.price,
            row.place,
            at(&limit.place)
        );
        broken.push(violation(limit.family(), text, (low - row.price).max(row.price - high)));
    }
    if !product.ladder.iter().any(|&step| same(step, row.price)) {
        let text = format!("{} of {} is not one of its prices ({})", row.price, product.code, row.place);
        broken.push(violation("ladder", text, 0.0));
    }
}

/// What the plan says of a row, against what it is.
fn said(problem: &Problem, rules: &TrialRules, prices: &[f64], row: &Row, broken: &mut Vec<Violation>) {
    let code = &problem.products[row.product].code;
    let arm = if same(row.price, prices[row.product]) { "control" } else { "test" };
    if !row.arm.is_empty() && row.arm != arm {
        let text = format!(
            "at {} {code} costs {}: that is {arm}, not {} ({})",
            row.store, row.price, row.arm, row.place
        );
        broken.push(violation("price_test", text, 0.0));
    }
    let loss = loss(problem, rules, prices, row);
    let off = (row.loss - loss).abs();
    if off > ROUNDING * loss.abs().max(1.0) {
        let text = format!(
            "the price {} of {code} at {} is expected to lose {loss:.2}, not {:.2} ({})",
            row.price, row.store, row.loss, row.place
        );
        broken.push(violation("test_loss", text, off));
    }
}

/// How many products are tested, from when on and for how long.
fn extent(problem: &Problem, rules: &TrialRules, prices: &[f64], rows: &[Row], broken: &mut Vec<Violation>) {
    let known = problem.learned.as_ref().map(|learned| learned.log_days(problem.newest_period()).1);
    for row in rows.iter().filter(|row| known.is_some_and(|last| i64::from(row.days.0) <= last)) {
        let code = &problem.products[row.product].code;
        let text = format!("the test of {code} begins before the last period of sales ends ({})", row.place);
        let late = known.map_or(0, |last| last + 1 - i64::from(row.days.0));
        broken.push(violation("price_test", text, late as f64));
    }
    let mut tested: BTreeMap<usize, (i32, i32)> = BTreeMap::new();
    for row in rows {
        let days = tested.entry(row.product).or_insert(row.days);
        *days = (days.0.min(row.days.0), days.1.max(row.days.1));
    }
    tested.retain(|&product, _| {
        rows.iter().any(|row| row.product == product && !same(row.price, prices[product]))
    });
    if tested.len() > rules.most_tests {
        let text = format!("{} products are tested, {} may (max_tests)", tested.len(), rules.most_tests);
        broken.push(violation("price_test", text, (tested.len() - rules.most_tests) as f64));
    }
    let most = rules.period_days * rules.periods as i64;
    for (product, (first, last)) in tested {
        let days = i64::from(last) - i64::from(first) + 1;
        if days > most {
            let code = &problem.products[product].code;
            let text = format!("the test of {code} lasts {days} days, {most} are allowed (test_periods)");
            broken.push(violation("price_test", text, (days - most) as f64));
        }
    }
}

/// Rules of what one store has at the same time.
fn together(problem: &Problem, prices: &[f64], rows: &[Row], broken: &mut Vec<Violation>) {
    let mut stores: FxHashMap<&str, Vec<&Row>> = FxHashMap::default();
    rows.iter().for_each(|row| stores.entry(&row.store).or_default().push(row));
    let mut stores: Vec<(&str, Vec<&Row>)> = stores.into_iter().collect();
    stores.sort_unstable_by_key(|store| store.0);
    for (store, rows) in &stores {
        let mut days: Vec<i32> = rows.iter().map(|row| row.days.0).collect();
        days.sort_unstable();
        days.dedup();
        // What holds together changes only on days on which something begins.
        for day in days {
            let live: Vec<&&Row> =
                rows.iter().filter(|row| (row.days.0..=row.days.1).contains(&day)).collect();
            let mut here = prices.to_vec();
            let mut seen: Vec<usize> = Vec::new();
            for row in &live {
                let code = &problem.products[row.product].code;
                if seen.contains(&row.product) {
                    let text = format!("{code} has two test prices at once at {store} ({})", row.place);
                    broken.push(violation("price_test", text, 0.0));
                }
                seen.push(row.product);
                here[row.product] = row.price;
            }
            let about = |product: u32| seen.contains(&(product as usize));
            for gap in problem.gaps.iter().filter(|gap| about(gap.product) || about(gap.other)) {
                let (product, other) = (gap.product as usize, gap.other as usize);
                let excess = gap.excess(here[product], here[other]);
                if excess > 0.0 {
                    let (one, two) = (&problem.products[product].code, &problem.products[other].code);
                    let text = format!(
                        "at {store} the test prices of {one} ({}) and {two} ({}) break their gap ({})",
                        here[product],
                        here[other],
                        at(&gap.place)
                    );
                    broken.push(violation("price_gap", text, excess));
                }
            }
            let changes = problem.changes(&here);
            if let Some(most) = problem.max_changes.filter(|&most| changes > most) {
                let text = format!("with tests {changes} prices change at {store}, {most} may (max_changes)");
                broken.push(violation("number_of_changes", text, (changes - most) as f64));
            }
        }
    }
}

/// Rules of all products together: floors, where every test runs everywhere, and what tests may lose.
fn for_all(problem: &Problem, rules: &TrialRules, prices: &[f64], rows: &[Row], broken: &mut Vec<Violation>) {
    let mut tested: Vec<(usize, f64)> = Vec::new();
    for row in rows.iter().filter(|row| !same(row.price, prices[row.product])) {
        if !tested.iter().any(|&(product, price)| product == row.product && same(price, row.price)) {
            tested.push((row.product, row.price));
        }
    }
    for floor in &problem.floors {
        let (total, least) = (problem.total(floor.goal, prices), problem.least(floor));
        let sinks: f64 =
            tested.iter().map(|&(at, price)| problem.gain(floor.goal, prices, at, price).min(0.0)).sum();
        if sinks < 0.0 && total + sinks < least - ROUNDING * least.abs().max(1.0) {
            let text = format!(
                "with tests everywhere the {} would be {:.2}, it must be {least:.2} ({})",
                floor.goal.word(),
                total + sinks,
                floor.setting
            );
            broken.push(violation("floor", text, least - total - sinks));
        }
    }
    let most = rules.most_loss(problem.total(problem.goal, prices));
    let mut loss_of: FxHashMap<usize, f64> = FxHashMap::default();
    for row in rows {
        *loss_of.entry(row.product).or_default() += loss(problem, rules, prices, row);
    }
    let loss: f64 = loss_of.values().map(|loss| loss.max(0.0)).sum();
    if loss > most + ROUNDING * most.abs().max(1.0) {
        let text = format!("the tests may lose {loss:.2}, {most:.2} is allowed (test_loss, test_loss_share)");
        broken.push(violation("test_loss", text, loss - most));
    }
}

/// What a row is expected to lose against the price without test; a product without stores of its own has one.
fn loss(problem: &Problem, rules: &TrialRules, prices: &[f64], row: &Row) -> f64 {
    let share = problem.following(row.product).map_or(1.0, |following| {
        let store = |group: u32| following.stores.get(group as usize).map(|&store| problem.store(store));
        let shares = shares(problem, following, row.product);
        let share = shares.iter().find(|(group, _)| store(*group) == Some(row.store.as_str()));
        share.map_or(0.0, |it| it.1)
    });
    let periods = f64::from(row.days.1 - row.days.0 + 1) / rules.period_days as f64;
    -problem.gain(problem.goal, prices, row.product, row.price) * share * periods
}
