//! Tells a comparison of variants to a person.

use super::super::ObjectiveWords;
use super::{Change, Scenario, Variant};
use crate::presentation::{
    Block, Column as Shown, Measure, Presentation, Section, Style, Table as View, Tornado, TornadoBar, Value,
    termination_words,
};

/// Tells a comparison to a person: sentences, a tornado, one table; objectives are
/// written by `measure` and called by `words`.
#[must_use]
pub fn present(
    instance: &str,
    scenarios: &[Scenario],
    variants: &[Variant],
    measure: &Measure,
    words: &ObjectiveWords,
) -> Presentation {
    let mut presentation = Presentation::new(format!("{instance}: what if"));
    presentation.style = variants.first().map(|base| base.style.clone()).unwrap_or_default();
    let count = variants.len().saturating_sub(1);
    let noun = if count == 1 { "variant" } else { "variants" };
    presentation.subtitle = format!("{count} {noun} against the input as it is");
    let changed = variants.iter().skip(1);
    presentation.headline =
        changed.map(|variant| sentence(variant, measure, words, &presentation.style)).collect();
    presentation.sections.push(
        Section::new("Comparison")
            .with_lead("Every variant is planned anew; all figures are over the horizon.")
            .with(Block::Tornado(tornado(scenarios, variants, measure, words)))
            .with(Block::Table(table(variants, measure, words))),
    );
    presentation
}

fn tornado(
    scenarios: &[Scenario],
    variants: &[Variant],
    measure: &Measure,
    words: &ObjectiveWords,
) -> Tornado {
    let (less, more) = if words.is_maximised { ("less", "more") } else { ("cheaper", "dearer") };
    let noun = words.noun;
    let base = variants.first().and_then(|base| base.outcome.objective).unwrap_or(f64::NAN);
    Tornado {
        title: format!("What moves the {noun} most"),
        description: format!("The {noun} of each variant against the unchanged input."),
        measure: measure.clone(),
        base,
        bars: bars(base, scenarios, variants.get(1..).unwrap_or(&[])),
        low_name: format!("at the low end, or {less} than the input as it is"),
        high_name: format!("at the high end, or {more}"),
    }
}

/// One row a variant: how it ended, its cost, and the key figures of the decision.
fn table(variants: &[Variant], measure: &Measure, words: &ObjectiveWords) -> View {
    let mut table = View::new("Variants")
        .with_caption("One row a variant; the row base is the input as it is.")
        .with(Shown::text("variant", variants.iter().map(|variant| variant.name.clone())))
        .with(Shown::number(words.noun, variants.iter().map(|v| known(v.outcome.objective)), measure.clone()))
        .with(Shown::number("against base", variants.iter().map(|v| known(v.difference)), measure.clone()));
    for figure in
        variants.iter().map(|variant| &variant.figures).max_by_key(|list| list.len()).into_iter().flatten()
    {
        let of = |variant: &Variant| {
            let own = variant.figures.iter().find(|own| own.label == figure.label);
            match own.map(|own| &own.value) {
                Some(Value::Number(value)) => *value,
                _ => f64::NAN,
            }
        };
        let values: Vec<f64> = variants.iter().map(of).collect();
        // The decision's own figure for the objective stands in the table already.
        let is_cost = variants.iter().zip(&values).all(|(v, value)| {
            v.outcome.objective.is_none_or(|cost| (cost - value).abs() <= 1e-6 * cost.abs())
        });
        if !is_cost {
            table = table.with(Shown::number(figure.label.to_lowercase(), values, figure.measure.clone()));
        }
    }
    table
        .with(Shown::text("ended because", variants.iter().map(|v| termination_words(v.outcome.termination))))
}

fn known(value: Option<f64>) -> f64 {
    value.unwrap_or(f64::NAN)
}

fn sentence(variant: &Variant, measure: &Measure, words: &ObjectiveWords, style: &Style) -> String {
    let (Some(difference), Some(objective)) = (variant.difference, variant.outcome.objective) else {
        return format!("{}: no plan; {}.", variant.name, termination_words(variant.outcome.termination));
    };
    let base = objective - difference;
    let (cost, base_cost) = (style.number(objective, measure), style.number(base, measure));
    if difference.abs() <= 1e-9 * base.abs() {
        let verb = words.verb;
        return format!("{}: the plan {verb} {cost}, as much as that of the unchanged input.", variant.name);
    }
    let (by, word) =
        (style.number(difference.abs(), measure), if difference > 0.0 { "more" } else { "less" });
    let share =
        if base == 0.0 { String::new() } else { format!(" ({})", style.percent((difference / base).abs())) };
    format!(
        "{}: the plan {} {cost}, {by}{share} {word} than the {base_cost} of the unchanged input.",
        variant.name, words.verb
    )
}

/// One bar a factor, the widest first: scenarios that move the same number down and up share one.
fn bars(base: f64, scenarios: &[Scenario], variants: &[Variant]) -> Vec<TornadoBar> {
    let cost = |at: usize| variants.get(at).and_then(|variant| variant.outcome.objective).unwrap_or(f64::NAN);
    let mut bars = Vec::new();
    let mut paired = vec![false; variants.len()];
    for (low, high) in pairs(scenarios) {
        let (Some(first), Some(second)) = (Step::of(&scenarios[low]), Step::of(&scenarios[high])) else {
            continue;
        };
        bars.push(TornadoBar {
            label: first.factor(),
            low: cost(low),
            high: cost(high),
            low_label: first.amount(),
            high_label: second.amount(),
        });
        (paired[low], paired[high]) = (true, true);
    }
    for at in (0..variants.len()).filter(|&at| !paired[at]) {
        let is_better = cost(at) <= base;
        bars.push(TornadoBar {
            label: variants[at].name.clone(),
            low: if is_better { cost(at) } else { f64::NAN },
            high: if is_better { f64::NAN } else { cost(at) },
            ..TornadoBar::default()
        });
    }
    let swing = |bar: &TornadoBar| {
        let ends = [base, bar.low, bar.high].into_iter().filter(|end| end.is_finite());
        let (least, most) =
            ends.fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), end| (a.min(end), b.max(end)));
        (most - least).max(0.0)
    };
    bars.sort_by(|a, b| swing(b).total_cmp(&swing(a)));
    bars
}

/// Scenarios that move the same number, one down and one up: the farthest from each other first.
fn pairs(scenarios: &[Scenario]) -> Vec<(usize, usize)> {
    let steps: Vec<Option<Step<'_>>> = scenarios.iter().map(Step::of).collect();
    let mut done = vec![false; scenarios.len()];
    let mut pairs = Vec::new();
    for at in 0..steps.len() {
        let Some(step) = steps[at].as_ref().filter(|_| !done[at]) else { continue };
        let mut alike: Vec<usize> = (at..steps.len())
            .filter(|&other| steps[other].as_ref().is_some_and(|other| other.is_of(step)))
            .collect();
        alike.iter().for_each(|&other| done[other] = true);
        let by = |at: &usize| steps[*at].as_ref().map_or(f64::NAN, |step| step.by);
        alike.sort_by(|a, b| by(a).total_cmp(&by(b)));
        let (mut low, mut high) = (0, alike.len());
        while low + 1 < high {
            let (first, last) = (alike[low], alike[high - 1]);
            let neutral = step.kind.neutral();
            if neutral.is_none_or(|neutral| by(&first) < neutral && by(&last) > neutral)
                && by(&first) < by(&last)
            {
                pairs.push((first, last));
            }
            (low, high) = (low + 1, high - 1);
        }
    }
    pairs
}

/// What a scenario of a single change to a number does.
struct Step<'a> {
    change: &'a Change,
    kind: Kind,
    by: f64,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Multiply,
    Add,
    Set,
}

impl Kind {
    /// The amount that changes nothing; unknown where a value is set.
    fn neutral(self) -> Option<f64> {
        match self {
            Kind::Multiply => Some(1.0),
            Kind::Add => Some(0.0),
            Kind::Set => None,
        }
    }
}

impl<'a> Step<'a> {
    fn of(scenario: &'a Scenario) -> Option<Self> {
        let [change] = scenario.change.as_slice() else { return None };
        let set = change.set.as_ref().and_then(|value| super::plain(value).parse::<f64>().ok());
        let (kind, by) = match (change.multiply, change.add, set) {
            (Some(by), None, None) => (Kind::Multiply, by),
            (None, Some(by), None) => (Kind::Add, by),
            (None, None, Some(by)) => (Kind::Set, by),
            _ => return None,
        };
        Some(Step { change, kind, by })
    }

    /// Whether two steps move the same number in the same way.
    fn is_of(&self, other: &Step<'_>) -> bool {
        self.kind == other.kind
            && (&self.change.table, &self.change.column, &self.change.rows)
                == (&other.change.table, &other.change.column, &other.change.rows)
    }

    /// What is moved, in words.
    fn factor(&self) -> String {
        let column = self.change.column.as_deref().unwrap_or_default().replace('_', " ");
        let place = if self.change.table == "settings" { "" } else { self.change.table.as_str() };
        let rows = self.change.rows.values().map(String::as_str).collect::<Vec<_>>().join(" ");
        let words = [place, column.as_str(), rows.as_str()];
        words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
    }

    /// By how much, in words.
    fn amount(&self) -> String {
        match self.kind {
            Kind::Multiply => format!("{:+} %", (1000.0 * (self.by - 1.0)).round() / 10.0),
            Kind::Add => format!("{:+}", self.by),
            Kind::Set => self.by.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::solution::{Outcome, SolutionStatus, Termination};

    fn scenario(name: &str, change: &str) -> Scenario {
        Scenario::parse(&format!("name = '{name}'\n[[change]]\n{change}"), "s.toml").unwrap()
    }

    fn variant(name: &str, cost: f64) -> Variant {
        let outcome = Outcome {
            termination: Termination::Optimal,
            solution_status: SolutionStatus::Optimal,
            objective: Some(cost),
            bound: Some(cost),
        };
        Variant {
            name: name.to_owned(),
            outcome,
            kpis: serde_json::Map::new(),
            difference: Some(cost - 100.0),
            figures: Vec::new(),
            style: Style::default(),
        }
    }

    #[test]
    fn low_and_high_of_one_factor_share_a_bar_and_the_widest_comes_first() {
        let demand = |by: f64| format!("table = 'sales'\ncolumn = 'quantity'\nmultiply = {by}");
        let scenarios = [
            scenario("up", &demand(1.2)),
            scenario("strike", "table = 'suppliers'\nwhere = { supplier = 'S' }\ndrop = true"),
            scenario("far up", &demand(1.5)),
            scenario("down", &demand(0.8)),
            scenario("less", "table = 'settings'\ncolumn = 'budget'\nset = 40"),
            scenario("more", "table = 'settings'\ncolumn = 'budget'\nset = 60"),
        ];
        let costs = [120.0, 90.0, 150.0, 85.0, 108.0, 99.0];
        let variants: Vec<Variant> =
            scenarios.iter().zip(costs).map(|(scenario, cost)| variant(&scenario.name, cost)).collect();
        let bars = bars(100.0, &scenarios, &variants);
        let told: Vec<(&str, &str, &str)> =
            bars.iter().map(|b| (b.label.as_str(), b.low_label.as_str(), b.high_label.as_str())).collect();
        assert_eq!(
            told,
            [
                ("sales quantity", "-20 %", "+50 %"),
                ("up", "", ""),
                ("strike", "", ""),
                ("budget", "40", "60")
            ]
        );
        assert_eq!((bars[0].low, bars[0].high), (85.0, 150.0));
        assert!(bars[1].low.is_nan() && bars[1].high == 120.0);
        assert!(bars[2].low == 90.0 && bars[2].high.is_nan());
    }

    #[test]
    fn two_steps_to_the_same_side_are_no_pair() {
        let scenarios = [
            scenario("a", "table = 'sales'\ncolumn = 'quantity'\nmultiply = 1.1"),
            scenario("b", "table = 'sales'\ncolumn = 'quantity'\nmultiply = 1.3"),
            scenario("c", "table = 'sales'\ncolumn = 'quantity'\nwhere = { item = 'A' }\nmultiply = 0.9"),
        ];
        assert!(pairs(&scenarios).is_empty());
    }
}
