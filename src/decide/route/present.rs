//! Answers as tables and for a person.

use super::{Answer, Judged, Routes};
use crate::data::Table;
use crate::presentation::{
    Block, Column as Shown, Figure, Measure, Notice, Presentation, Section, Severity, Table as View,
};

impl Routes {
    /// The answers as the table `routes`: `from,to,cost,nodes`, with `q10,q90` where a travel log tells them.
    #[must_use]
    pub fn table(&self) -> Table {
        let table = Table::new("routes")
            .with_text("from", self.answers.iter().map(|answer| &answer.from))
            .with_text("to", self.answers.iter().map(|answer| &answer.to))
            .with_number("cost", self.answers.iter().map(|answer| known(answer.cost)))
            .with_text("nodes", self.answers.iter().map(|answer| answer.nodes.join(" ")));
        if self.answers.iter().all(|answer| answer.span.is_none()) {
            return table;
        }
        let quantile =
            |at: usize| self.answers.iter().map(move |answer| answer.span.map_or(f64::NAN, |span| span[at]));
        table.with_number("q10", quantile(0)).with_number("q90", quantile(1))
    }

    /// The answers for a person.
    #[must_use]
    pub fn present(&self, title: &str) -> Presentation {
        let mut presentation = Presentation::new(format!("{title}: shortest paths"));
        let found = self.answers.iter().filter(|answer| answer.cost.is_finite()).count();
        presentation.headline.push(match self.answers.as_slice() {
            [one] if found == 1 => {
                let spread = one.span.map_or_else(String::new, |[low, high]| {
                    format!(" In 8 of 10 cases it takes {low:.0} to {high:.0}.")
                });
                let Answer { from, to, cost, nodes, .. } = one;
                format!("From {from} to {to}: {cost:.2}, over {} nodes.{spread}", nodes.len())
            }
            [one] => format!("No path leads from {} to {}.", one.from, one.to),
            all => format!("{found} of {} pairs have a path.", all.len()),
        });
        let whole = || Measure::number().with_decimals(0);
        let median = Measure::quantity("microseconds").with_decimals(1);
        presentation.figures.extend([
            Figure::number("Nodes of the map", self.nodes as f64, whole()),
            Figure::number("Arcs of the map", self.arcs as f64, whole()),
            Figure::number("Median time of a question", self.query_microseconds[0], median),
        ]);
        let shown = self.answers.iter().take(SHOWN_ROWS);
        let table = View::new("Paths")
            .with(Shown::text("from", shown.clone().map(|answer| answer.from.clone())))
            .with(Shown::text("to", shown.clone().map(|answer| answer.to.clone())))
            .with(Shown::number("cost", shown.clone().map(|answer| known(answer.cost)), Measure::number()))
            .with(Shown::text("way", shown.map(|answer| shortened(&answer.nodes))));
        presentation.sections.push(Section::new("Paths").with(Block::Table(table)));
        presentation.sections.extend(notice_section(&self.notices));
        presentation
    }
}

/// Number of pairs between which no path leads.
#[must_use]
pub fn unreachable(distances: &[f64]) -> usize {
    distances.iter().filter(|distance| distance.is_infinite()).count()
}

/// Distances between `nodes` as the table `matrix`: `from,to,cost`.
#[must_use]
pub fn distance_table(nodes: &Table, distances: &[f64]) -> Table {
    let names: Vec<&str> = nodes
        .text("node")
        .map_or_else(Vec::new, |names| (0..nodes.len()).map(|row| names.get(row)).collect());
    let count = names.len();
    Table::new("matrix")
        .with_text("from", (0..count * count).map(|cell| names[cell / count]))
        .with_text("to", (0..count * count).map(|cell| names[cell % count]))
        .with_number("cost", distances.iter().map(|&cost| known(cost)))
}

/// Distances between `nodes` for a person, with what of the tables counts for nothing.
#[must_use]
pub fn present_distances(title: &str, nodes: &Table, distances: &[f64], notices: &[String]) -> Presentation {
    let mut presentation = Presentation::new(format!("{title}: distances"));
    let (count, without) = (nodes.len(), unreachable(distances));
    presentation.headline.push(format!("{} distances between {count} nodes.", distances.len()));
    if without > 0 {
        presentation.headline.push(format!("Between {without} of the pairs no path leads."));
    }
    presentation.sections.extend(notice_section(notices));
    presentation
}

impl Judged {
    /// The judgement for a person.
    #[must_use]
    pub fn present(&self, title: &str) -> Presentation {
        let mut presentation = Presentation::new(format!("{title}: travel times foreseen"));
        let percent = |share: f64| format!("{:.1} %", 100.0 * share);
        let [map, usual, live] = self.error.map(percent);
        presentation.headline.push(format!(
            "{} trips from {} on: the times of the map are {map} off, the usual of weekday and hour {usual}, \
             with reports of the day {live}.",
            self.trips, self.from
        ));
        presentation
            .headline
            .push(format!("{} of the trips lie between the 10 and 90 % quantiles.", percent(self.coverage)));
        let [map, forecast, known] = self.driven;
        presentation.headline.push(format!(
            "Driven on what happened, {} ways take {map:.0} on average when planned on the times of the map, \
             {forecast:.0} on the forecast, {known:.0} with all known beforehand.",
            self.ways
        ));
        presentation.sections.extend(notice_section(&self.notices));
        presentation
    }
}

/// Sentences on what counts for nothing, where there are some.
fn notice_section(texts: &[String]) -> Option<Section> {
    let notices: Vec<Notice> = texts.iter().map(|text| Notice::new(Severity::Warning, text)).collect();
    let block = Block::Notices { title: String::new(), notices };
    (!texts.is_empty()).then(|| Section::new("Notices").with(block))
}

/// Answers shown to a person; the file holds all.
const SHOWN_ROWS: usize = 20;
/// Nodes of a way shown to a person.
const SHOWN_NODES: usize = 12;

fn shortened(nodes: &[String]) -> String {
    if nodes.len() <= SHOWN_NODES {
        return nodes.join(" ");
    }
    let (head, tail) = (&nodes[..SHOWN_NODES / 2], &nodes[nodes.len() - SHOWN_NODES / 2..]);
    format!("{} … {} more … {}", head.join(" "), nodes.len() - SHOWN_NODES, tail.join(" "))
}

/// A cell that is blank where no path leads.
fn known(cost: f64) -> f64 {
    if cost.is_finite() { cost } else { f64::NAN }
}
