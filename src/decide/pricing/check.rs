//! Recomputes what prices bring and every rule, straight from the problem.

mod markdowns;
mod trials;

pub(super) use markdowns::follow;
pub(super) use trials::trials;

use super::super::{CheckReport, Violation};
use super::problem::{Place, Problem, same};
use crate::data::Tables;

/// Relative distance within which a floor counts as kept.
const ROUNDING: f64 = 1e-6;

/// Prices and verifies a plan: a price for each product, the markdowns of what is cleared, the price tests. What
/// clearing brings counts where the goal is money.
pub(super) fn whole(problem: &Problem, prices: &[f64], plan: &Tables) -> CheckReport {
    let mut report = check(problem, prices);
    if let Some(table) = plan.get("price_tests") {
        report.violations.extend(trials(problem, prices, table));
        report.feasible = report.violations.is_empty();
    }
    let markdowns = plan.get("markdowns");
    if problem.clearances.is_empty() && markdowns.is_none() {
        return report;
    }
    let followed = follow(problem, markdowns);
    report.violations.extend(followed.violations);
    report.feasible = report.violations.is_empty();
    if problem.goal.is_money() {
        report.objective =
            report.objective.filter(|_| !followed.is_unpriced).map(|brought| brought + followed.revenue);
    }
    report
}

/// Prices and verifies a price for each product.
pub(super) fn check(problem: &Problem, prices: &[f64]) -> CheckReport {
    let mut violations = Vec::new();
    let mut broken = |rule: &str, text: String, amount: f64| {
        violations.push(Violation { rule: rule.to_owned(), text, amount });
    };
    for (product, &price) in problem.products.iter().zip(prices) {
        let code = &product.code;
        for limit in product.limits.iter().filter(|limit| !limit.holds(price, product.price_now)) {
            let (low, high) = limit.range(product.price_now);
            let said = limit.text(product.price_now);
            let text = format!("the price of {code} is {price}; it {said} ({})", at(&limit.place));
            broken(limit.family(), text, (low - price).max(price - high));
        }
        if !product.ladder.iter().any(|&step| same(step, price)) {
            let near = product.ladder.iter().map(|step| (step - price).abs()).fold(f64::INFINITY, f64::min);
            broken("ladder", format!("the price of {code}, {price}, is not one of its prices"), near);
        }
    }
    for gap in &problem.gaps {
        let (product, other) = (gap.product as usize, gap.other as usize);
        let excess = gap.excess(prices[product], prices[other]);
        if excess > 0.0 {
            let text = format!(
                "{} costs {}, {} costs {}; the rule is {} to {} times ({})",
                problem.products[product].code,
                prices[product],
                problem.products[other].code,
                prices[other],
                gap.low,
                gap.high,
                at(&gap.place)
            );
            broken("price_gap", text, excess);
        }
    }
    let changes = problem.changes(prices);
    if let Some(most) = problem.max_changes.filter(|&most| changes > most) {
        let text = format!("{changes} prices change, {most} may (max_changes)");
        broken("number_of_changes", text, (changes - most) as f64);
    }
    for floor in &problem.floors {
        let (total, least) = (problem.total(floor.goal, prices), problem.least(floor));
        if total < least - ROUNDING * least.abs().max(1.0) {
            let text =
                format!("the {} is {total:.2}, it must be {least:.2} ({})", floor.goal.word(), floor.setting);
            broken("floor", text, least - total);
        }
    }
    let objective = Some(problem.total(problem.goal, prices));
    CheckReport { feasible: violations.is_empty(), objective, violations }
}

/// Where a rule stands, in words.
pub(super) fn at(place: &Place) -> String {
    match place.row {
        Some(row) => format!("{}:{row}", place.file),
        None => place.file.to_string(),
    }
}
