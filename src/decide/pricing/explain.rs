//! Why no prices keep all rules, or which rules hold the best ones back.

use super::super::{Binding, DecideError, Explanation, Member as Limit, Relaxation as Step, Verdict};
use super::check::at;
use super::model::{self, Answer, Model, Row, failed};
use super::plan::headline;
use super::problem::Problem;
use crate::control::Control;
use crate::optimize::milp::{Elastic, Member, Relaxation, Side, binding, infeasible_groups, relax};

/// Solves and explains what was found.
pub(super) fn explain(problem: &Problem, control: &Control) -> Result<Explanation, DecideError> {
    let mut answer = model::solve(problem, None, control)?;
    let status = Verdict::from(&answer.outcome());
    let mut explanation = Explanation { status, ..Explanation::default() };
    if status == Verdict::Infeasible {
        collide(problem, &answer.model, control, &mut explanation)?;
    } else if let Some(prices) = answer.prices(problem) {
        explanation.text = headline(problem, &prices);
        bind(problem, &mut answer, control, &mut explanation)?;
    } else {
        explanation.text.push("no prices were found within the limits of the run".to_owned());
    }
    Ok(explanation)
}

/// Rules that may be named: all rows but those that only say what a choice is.
fn rules(model: &Model) -> Vec<(usize, Row, Side)> {
    let side = |row: Row| match row {
        Row::Low(_) | Row::Floor(_) => Some(Side::Lower),
        Row::High(_) | Row::Changes | Row::Limit(..) => Some(Side::Upper),
        Row::Choice | Row::Pair => None,
    };
    model.rows.iter().enumerate().filter_map(|(at, &row)| Some((at, row, side(row)?))).collect()
}

fn collide(
    problem: &Problem,
    model: &Model,
    control: &Control,
    explanation: &mut Explanation,
) -> Result<(), DecideError> {
    let rules = rules(model);
    let groups: Vec<Vec<Member>> =
        rules.iter().map(|&(row, _, side)| vec![Member::Row { row, side }]).collect();
    let set = infeasible_groups(&model.program, &groups, control)
        .map_err(|error| failed("find the colliding rules", &error))?;
    if let Some(set) = set {
        explanation.irreducible = Some(set.irreducible);
        explanation.text.push("These rules collide; without any one of them there are prices.".to_owned());
        for group in set.groups {
            let limit = limit(problem, model, rules[group]);
            explanation.text.push(format!("  {}", limit.text));
            explanation.members.push(limit);
        }
    }
    let relaxation = cheapest(problem, model, control)?;
    for widening in &relaxation.widenings {
        let limit = limit(problem, model, rules[widening.elastic]);
        explanation
            .text
            .push(format!("help: {}", gives_way(rules[widening.elastic].1, widening.amount, &limit)));
        explanation.relaxation.push(Step { name: limit.name, amount: widening.amount, cost: widening.cost });
    }
    Ok(())
}

/// A number of changes, without what a solver leaves of rounding.
fn whole(amount: f64) -> usize {
    (amount - 1e-6).ceil().max(0.0) as usize
}

/// What gives way, in words.
fn gives_way(rule: Row, amount: f64, limit: &Limit) -> String {
    match rule {
        Row::Limit(..) => format!("set aside: {}", limit.text),
        Row::Changes => format!("let {} more prices change: {}", whole(amount), limit.text),
        _ => format!("loosen by {amount:.2}: {}", limit.text),
    }
}

/// The cheapest way to loosen rules: a rule of one product costs 1, a gap by its share of the price, shares
/// of floors and of the number of changes likewise.
fn cheapest(problem: &Problem, model: &Model, control: &Control) -> Result<Relaxation, DecideError> {
    let elastics: Vec<Elastic> = rules(model)
        .into_iter()
        .map(|(row, rule, side)| {
            let size = match rule {
                Row::Low(gap) | Row::High(gap) => {
                    problem.products[problem.gaps[gap as usize].product as usize].price_now
                }
                Row::Floor(floor) => problem.least(&problem.floors[floor as usize]).abs().max(1.0),
                Row::Changes => problem.products.len() as f64,
                Row::Limit(..) | Row::Choice | Row::Pair => 1.0,
            };
            Elastic::one(Member::Row { row, side }, 1.0 / size)
        })
        .collect();
    relax(&model.program, &elastics, control).map_err(|error| failed("loosen the rules", &error))
}

/// Room added to each loosening, so that rounding does not close it again.
const ROOM: f64 = 1e-7;

/// The problem under the cheapest loosening of its rules, and what gave way in sentences.
pub(super) fn loosened(
    problem: &Problem,
    model: &Model,
    control: &Control,
) -> Result<(Problem, Vec<String>), DecideError> {
    let relaxation = cheapest(problem, model, control)?;
    let rules = rules(model);
    let mut loose = problem.clone();
    let mut aside = Vec::new();
    let mut said = Vec::new();
    for widening in &relaxation.widenings {
        let (rule, amount) = (rules[widening.elastic], widening.amount + ROOM);
        match rule.1 {
            Row::Limit(product, number) => aside.push((product as usize, number as usize)),
            Row::Low(gap) | Row::High(gap) => loose.gaps[gap as usize].gives_way += amount,
            Row::Floor(floor) => loose.floors[floor as usize].gives_way += amount,
            Row::Changes => {
                loose.max_changes = loose.max_changes.map(|most| most + whole(widening.amount));
            }
            Row::Choice | Row::Pair => {}
        }
        said.push(gives_way(rule.1, widening.amount, &limit(problem, model, rule)));
    }
    // From the last to the first, so that the numbers of those before stay.
    aside.sort_unstable();
    for (product, number) in aside.into_iter().rev() {
        loose.products[product].limits.remove(number);
    }
    Ok((loose, said))
}

fn bind(
    problem: &Problem,
    answer: &mut Answer,
    control: &Control,
    explanation: &mut Explanation,
) -> Result<(), DecideError> {
    let Answer { model, session, solved, .. } = answer;
    let found = binding(&model.program, session, solved, control)
        .map_err(|error| failed("value the rules", &error))?;
    let rules = rules(model);
    for row in found.map_or_else(Vec::new, |found| found.rows) {
        let Some(&rule) = rules.iter().find(|rule| rule.0 == row.row) else { continue };
        // The worth of setting a price limit aside is that of another price, which the ladder tells better.
        if matches!(rule.1, Row::Limit(..)) || row.dual == 0.0 {
            continue;
        }
        let limit = limit(problem, model, rule);
        explanation.text.push(format!("{}: one more unit is worth {:.4}", limit.text, row.dual.abs()));
        explanation.binding.push(Binding {
            name: limit.name,
            file: limit.file,
            row: limit.row,
            value_of_one_more: row.dual.abs(),
        });
    }
    Ok(())
}

/// A rule in business terms.
fn limit(problem: &Problem, model: &Model, (row, rule, side): (usize, Row, Side)) -> Limit {
    let (lower, upper) = model.program.row_bounds(row);
    let value = if side == Side::Lower { lower } else { upper };
    let code = |product: u32| problem.products[product as usize].code.as_str();
    let setting = |name: &str, text: String| (name.to_owned(), None, value, text);
    let (name, place, value, text) = match rule {
        Row::Limit(product, number) => {
            let of = &problem.products[product as usize];
            let limit = &of.limits[number as usize];
            let (low, high) = limit.range(of.price_now);
            let text =
                format!("the price of {} {} ({})", of.code, limit.text(of.price_now), at(&limit.place));
            let value = if low > 0.0 { low } else { high };
            (format!("{} of {}", limit.family(), of.code), Some(&limit.place), value, text)
        }
        Row::Low(number) | Row::High(number) => {
            let gap = &problem.gaps[number as usize];
            let (word, times) = if side == Side::Lower { ("least", gap.low) } else { ("most", gap.high) };
            let (product, other) = (code(gap.product), code(gap.other));
            let text = format!(
                "the price of {product} must be at {word} {times} times that of {other} ({})",
                at(&gap.place)
            );
            (format!("price_gap of {product} to {other}"), Some(&gap.place), times, text)
        }
        Row::Changes => {
            setting("number_of_changes", format!("at most {value} prices may change (max_changes)"))
        }
        Row::Floor(number) => {
            let floor = &problem.floors[number as usize];
            setting(
                floor.setting,
                format!("the {} must be at least {value:.2} ({})", floor.goal.word(), floor.setting),
            )
        }
        Row::Choice | Row::Pair => setting("choice", "one price for each product".to_owned()),
    };
    Limit {
        kind: "row".to_owned(),
        name,
        side: if side == Side::Lower { "lower" } else { "upper" }.to_owned(),
        file: place.filter(|place| place.row.is_some()).map(|place| place.file.to_string()),
        row: place.and_then(|place| place.row),
        value: Some(value),
        text,
    }
}
