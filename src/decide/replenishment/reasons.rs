//! Why each order line has its quantity, in one sentence.

use super::check::line_value;
use super::model::LimitUse;
use super::plan::{OrderLine, Plan};
use super::problem::Problem;
use super::scenarios::Scenarios;

/// One sentence for each line of the plan, in its order.
pub(crate) fn reasons(
    problem: &Problem,
    scenarios: &Scenarios,
    plan: &Plan,
    limits: &[LimitUse],
) -> Vec<String> {
    plan.lines.iter().map(|line| reason(problem, scenarios, plan, limits, line)).collect()
}

fn reason(
    problem: &Problem,
    scenarios: &Scenarios,
    plan: &Plan,
    limits: &[LimitUse],
    line: &OrderLine,
) -> String {
    let pair = &problem.pairs[line.pair];
    let source = &pair.sources[line.source];
    if pair.locks.iter().any(|lock| lock.bucket == line.bucket && lock.source == line.source) {
        return "locked".to_owned();
    }
    let mut parts = vec![coverage(problem, scenarios, plan, line)];
    let quantum = problem.items[pair.item].quantum;
    if source.moq > 0.0 && (line.quantity - source.moq).abs() < 1e-9 * source.moq {
        parts.push(format!("at the least quantity {}", source.moq));
    } else if source.multiple > quantum * (1.0 + 1e-9) {
        let cases = (line.quantity / source.multiple).round();
        parts.push(format!("{cases:.0} x the order multiple {}", source.multiple));
    }
    if let Some(step) = source.breaks(line.bucket).filter(|step| step.quantity > 0.0).last()
        && (line.quantity - step.quantity).abs() < source.multiple
        && line.quantity >= step.quantity
    {
        parts.push(format!("reaches the price {} from {} on", step.unit_cost, step.quantity));
    }
    parts.extend(limits_on(problem, limits, line));
    parts.join("; ")
}

/// What the line's arrival covers until the next arrival of the plan.
fn coverage(problem: &Problem, scenarios: &Scenarios, plan: &Plan, line: &OrderLine) -> String {
    let pair = &problem.pairs[line.pair];
    let source = &pair.sources[line.source];
    let lead = source.mean_lead_time_days().round().max(0.0) as u32;
    let arrives = problem.arrival_bucket(source, line.bucket, lead).clamp(0, problem.horizon as i64) as usize;
    let next = plan
        .of_pair(line.pair)
        .iter()
        .filter(|other| other.bucket > line.bucket)
        .map(|other| problem.arrival_bucket(&pair.sources[other.source], other.bucket, lead))
        .min()
        .unwrap_or(problem.horizon as i64)
        .clamp(arrives as i64, problem.horizon as i64) as usize;
    let mean: f64 = scenarios.pairs[line.pair]
        .mean
        .iter()
        .skip(arrives)
        .take(next - arrives)
        .map(|m| f64::from(*m))
        .sum();
    let word = match problem.bucket() {
        crate::data::Bucket::Day => "day",
        crate::data::Bucket::Week => "week",
        crate::data::Bucket::Month => "month",
    };
    let count = (next - arrives).max(1);
    let plural = if count == 1 { "" } else { "s" };
    format!(
        "covers {count} {word}{plural} from {} (mean demand {mean:.1})",
        problem.buckets.start_of(arrives as i64)
    )
}

/// Shared limits that bind on the line, with what they are worth.
fn limits_on(problem: &Problem, limits: &[LimitUse], line: &OrderLine) -> Vec<String> {
    let pair = &problem.pairs[line.pair];
    let supplier = &problem.suppliers[pair.sources[line.source].supplier];
    let location = &problem.locations[pair.location];
    let date = problem.buckets.start_of(line.bucket as i64);
    let value = line_value(problem, line);
    limits
        .iter()
        .filter(|limit| limit.value_of_one_more.abs() > 1e-9)
        .filter(|limit| match limit.family {
            "budget" => value > 0.0,
            "storage" => limit.name.contains(location.code.as_str()),
            _ => limit.name.contains(supplier.code.as_str()) && limit.date.is_none_or(|on| on == date),
        })
        .take(2)
        .map(|limit| {
            let verb = if limit.family == "order_minimum" { "raised toward" } else { "held down by" };
            format!("{verb} the {}", limit.name)
        })
        .collect()
}
