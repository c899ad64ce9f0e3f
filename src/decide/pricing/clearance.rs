//! Markdowns: the prices at which stock that is to be gone earns most until then.

use super::problem::{Clearance, Problem};
use crate::control::Control;
use crate::data::Table;
use crate::optimize::sell_down::{Level, Part, Policy, Shared, best_within, probabilities};
use crate::presentation::Measure;

/// Probability below which a price before is not reached.
const NEVER: f64 = 1e-9;
/// Probability of a stock below which it is not followed further.
const UNSEEN: f64 = 1e-16;

/// The best markdowns of all clearances; `None` without any.
pub(super) fn solve(problem: &Problem, control: &Control) -> Option<Shared> {
    let parts: Vec<Part> = problem.clearances.iter().map(|it| part(problem, it)).collect();
    if parts.is_empty() {
        return None;
    }
    // The first price takes nothing of the budget, so there are always markdowns that keep it.
    best_within(&parts, problem.markdowns.budget, control)
}

fn part(problem: &Problem, clearance: &Clearance) -> Part {
    let product = &problem.products[clearance.product];
    let level = |&price: &f64| Level {
        reward: price,
        charge: product.price_now - price,
        rate: clearance.rate * product.own_share(price, problem.deviations),
    };
    Part {
        units: clearance.stock,
        stages: clearance.periods,
        levels: clearance.steps.iter().map(level).collect(),
        one_way: problem.markdowns.only_fall,
        left: clearance.salvage,
        dispersion: clearance.dispersion,
    }
}

/// A range of stock for which the same price is taken.
struct Rule {
    clearance: usize,
    period: usize,
    before: usize,
    from: usize,
    to: usize,
    step: usize,
    /// Probability that the plan comes here.
    chance: f64,
    against: Option<Against>,
}

/// What a price brings more than another one until the end, on average over a range of stock.
struct Against {
    step: usize,
    earned: f64,
    /// Discount that buyers get more.
    discount: f64,
    /// What one more of the discount budget is worth; 0 where it does not bind.
    price: f64,
}

/// The table `markdowns`: which price to take, by period, price before and stock.
pub(super) fn table(problem: &Problem, shared: &Shared) -> Table {
    let of = |(at, (clearance, policy)): (usize, (&Clearance, &Policy))| {
        rules(at, clearance, &part(problem, clearance), policy)
    };
    let rules: Vec<Rule> = problem.clearances.iter().zip(&shared.policies).enumerate().flat_map(of).collect();
    let clearance = |rule: &Rule| &problem.clearances[rule.clearance];
    let price = |rule: &Rule, step: usize| clearance(rule).steps[step];
    Table::new("markdowns")
        .with_text("product", rules.iter().map(|rule| &problem.products[clearance(rule).product].code))
        .with_number("period", rules.iter().map(|rule| (rule.period + 1) as f64))
        .with_number("price_before", rules.iter().map(|rule| price(rule, rule.before)))
        .with_number("stock_from", rules.iter().map(|rule| rule.from as f64))
        .with_number("stock_to", rules.iter().map(|rule| rule.to as f64))
        .with_number("price", rules.iter().map(|rule| price(rule, rule.step)))
        .with_number("chance", rules.iter().map(|rule| rule.chance))
        .with_text("reason", rules.iter().map(|rule| reason(problem, clearance(rule), rule)))
}

/// Why a price is taken; where the budget binds, what it did.
fn reason(problem: &Problem, clearance: &Clearance, rule: &Rule) -> String {
    let is_kept = rule.step == rule.before;
    let Some(Against { step, earned, discount, price }) = rule.against else {
        return "is the lowest price there is".to_owned();
    };
    let money = |value: f64| problem.style.number(value, &Measure::money());
    let other = format!("{} {}", if is_kept { "falling to" } else { "staying at" }, clearance.steps[step]);
    if price == 0.0 {
        return format!("earns {} more until the end than {other}", money(earned));
    }
    let (more, less) = (money(discount.abs()), if discount > 0.0 { "more" } else { "less" });
    if earned >= 0.0 {
        return format!(
            "earns {} more until the end than {other}, for {more} {less} of the discount budget",
            money(earned)
        );
    }
    format!(
        "{other} would earn {} more until the end, for {more} more of the discount budget, where one more is worth \
         {price:.2}",
        money(-earned)
    )
}

/// The rules of one clearance for everything that can come about.
fn rules(at: usize, clearance: &Clearance, part: &Part, policy: &Policy) -> Vec<Rule> {
    let asked: Vec<Vec<f64>> =
        part.levels.iter().map(|level| probabilities(level.rate, part.dispersion, part.units)).collect();
    let states = part.units + 1;
    let mut chances = vec![0.0; part.levels.len() * states];
    chances[part.units] = 1.0;
    let mut rules = Vec::new();
    for period in 0..clearance.periods {
        let mut next = vec![0.0; chances.len()];
        for before in 0..part.levels.len() {
            let chance = &chances[before * states..(before + 1) * states];
            if chance[1..].iter().sum::<f64>() <= NEVER {
                continue;
            }
            let lowest = if period == 0 { part.units } else { 1 };
            let first = rules.len();
            for (units, &likely) in chance.iter().enumerate().skip(lowest) {
                let step = policy.choice(period, before, units);
                match rules.last_mut().filter(|_| units > lowest) {
                    Some(Rule { to, step: same, chance: sum, .. }) if *same == step => {
                        (*to, *sum) = (units, *sum + likely);
                    }
                    _ => rules.push(Rule {
                        clearance: at,
                        period,
                        before,
                        from: units,
                        to: units,
                        step,
                        chance: likely,
                        against: None,
                    }),
                }
                go(likely, units, &asked[step], &mut next[step * states..(step + 1) * states]);
            }
            for rule in &mut rules[first..] {
                rule.against = against(rule, chance, part, policy);
            }
        }
        chances = next;
    }
    rules
}

/// Spreads the chance of some units over those left after a period.
fn go(chance: f64, units: usize, asked: &[f64], next: &mut [f64]) {
    if chance < UNSEEN {
        next[0] += chance;
        return;
    }
    let mut rest = 1.0;
    for (gone, share) in asked.iter().take(units).enumerate() {
        next[units - gone] += chance * share;
        rest -= share;
    }
    next[0] += chance * rest.max(0.0);
}

/// What a rule's price brings more than the one before, or the next lower one where it is that; `None` where
/// there is no lower one.
fn against(rule: &Rule, chance: &[f64], part: &Part, policy: &Policy) -> Option<Against> {
    let other = if rule.step == rule.before { rule.before + 1 } else { rule.before };
    if other >= part.levels.len() {
        return None;
    }
    let range = rule.from..=rule.to;
    let weight: f64 = range.clone().map(|units| chance[units]).sum();
    let mean = |of: &dyn Fn(usize, usize) -> f64| {
        let more = |units: usize| of(rule.step, units) - of(other, units);
        if weight > 0.0 {
            range.clone().map(|units| chance[units] * more(units)).sum::<f64>() / weight
        } else {
            more(rule.to)
        }
    };
    let discount = mean(&|step, units| policy.charge_of(rule.period, step, units));
    let net = mean(&|step, units| policy.worth(rule.period, step, units));
    Some(Against { step: other, earned: net + policy.price * discount, discount, price: policy.price })
}

/// Key figures of all clearances.
pub(super) fn kpis(shared: &Shared, left: f64) -> [(String, f64); 4] {
    let figures = [
        ("clearance_revenue", shared.reward),
        ("clearance_bound", shared.bound),
        ("clearance_discount", shared.charge),
        ("clearance_left", left),
    ];
    figures.map(|(name, value)| (name.to_owned(), value))
}

/// What clearing brings, in a sentence.
pub(super) fn sentence(problem: &Problem, shared: &Shared, left: f64) -> String {
    let money = |value: f64| problem.style.number(value, &Measure::money());
    let count = problem.clearances.len();
    let units: usize = problem.clearances.iter().map(|clearance| clearance.stock).sum();
    let mut said = format!(
        "Clearing {units} units of {count} product{} brings {} expected (at most {}), after {} of discount; \
         {left:.1} units are left.",
        if count == 1 { "" } else { "s" },
        money(shared.reward),
        money(shared.bound),
        money(shared.charge),
    );
    if shared.price > 0.0 {
        said += &format!(" One more of the discount budget is worth {:.2}.", shared.price);
    }
    said
}
