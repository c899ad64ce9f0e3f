//! The waterfall on a wide page: columns from left to right.

use crate::presentation::{StepKind, Style, Waterfall};

use super::rows::{self, bar_class};
use super::scale::{Scale, extent, round_range};
use super::svg::{Anchor, Canvas, fit, text_width};

/// More steps than this are drawn from top to bottom.
const MOST_COLUMNS: usize = 10;
const HEIGHT: f64 = 320.0;
/// Height of a line of the columns' names.
const NAME: f64 = 15.0;

/// One bar: from which level to which.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Bar {
    /// Position of its step.
    pub(super) step: usize,
    /// Level before.
    pub(super) from: f64,
    /// Level after.
    pub(super) to: f64,
    /// Whether it stands on zero.
    pub(super) total: bool,
}

impl Bar {
    /// Its value in words; changes carry their sign.
    pub(super) fn text(&self, chart: &Waterfall, style: &Style) -> String {
        let value = chart.steps[self.step].value;
        let text = style.number(value, &chart.measure);
        if !self.total && self.from != 0.0 && value > 0.0 { format!("+{text}") } else { text }
    }
}

/// The level before and after each step; a value that is not known changes nothing.
pub(super) fn levels(chart: &Waterfall) -> Vec<Bar> {
    let mut level = 0.0;
    let bar = |(step, entry): (usize, &crate::presentation::WaterfallStep)| {
        let value = if entry.value.is_finite() { entry.value } else { 0.0 };
        let total = entry.kind == StepKind::Total;
        let from = if total { 0.0 } else { level };
        level = if total { value } else { level + value };
        Bar { step, from, to: level, total }
    };
    chart.steps.iter().enumerate().map(bar).collect()
}

/// Draws the waterfall.
pub(super) fn draw(chart: &Waterfall, style: &Style, width: f64) -> Canvas {
    if width < 500.0 || chart.steps.len() > MOST_COLUMNS {
        return rows::waterfall(chart, style, width);
    }
    let bars = levels(chart);
    let range = extent(bars.iter().flat_map(|bar| [bar.from, bar.to]).chain([0.0])).unwrap_or((0.0, 1.0));
    let (range, ticks) = round_range(range, 5);
    let names: Vec<String> = ticks.iter().map(|&tick| style.tick(tick, &chart.measure)).collect();
    let left = names.iter().map(|name| text_width(name)).fold(0.0, f64::max) + 14.0;
    let slot = (width - left) / bars.len().max(1) as f64;
    let labels: Vec<Vec<String>> =
        chart.steps.iter().map(|step| two_lines(&step.label, slot - 6.0)).collect();
    let lines = labels.iter().map(Vec::len).max().unwrap_or(1);
    let (top, bottom) = (24.0, HEIGHT - 14.0 - NAME * lines as f64);
    let scale = Scale::new(range, (bottom, top));
    let mut canvas = Canvas::new(width, HEIGHT);
    for (&tick, name) in ticks.iter().zip(&names) {
        let y = scale.at(tick);
        canvas.line(if tick == 0.0 { "zero" } else { "grid" }, (left, y), (width, y));
        canvas.text("tick", Anchor::End, (left - 8.0, y + 4.0), left, name);
    }
    for bar in &bars {
        let place = (left + slot * bar.step as f64, slot);
        column(&mut canvas, chart, style, bar, place, &scale);
        for (i, line) in labels[bar.step].iter().enumerate() {
            let at = (place.0 + slot / 2.0, bottom + 18.0 + i as f64 * NAME);
            canvas.text("name", Anchor::Middle, at, slot, line);
        }
        if bar.step + 1 < bars.len() {
            let edge = left + slot * (bar.step as f64 + 0.5);
            let half = column_width(slot) / 2.0;
            let y = scale.at(bar.to);
            canvas.line("link", (edge + half, y), (edge + slot - half, y));
        }
    }
    canvas
}

fn column_width(slot: f64) -> f64 {
    (slot * 0.62).min(84.0)
}

fn column(
    canvas: &mut Canvas,
    chart: &Waterfall,
    style: &Style,
    bar: &Bar,
    (x, slot): (f64, f64),
    scale: &Scale,
) {
    let step = &chart.steps[bar.step];
    let (a, b) = (scale.at(bar.from), scale.at(bar.to));
    let (top, bottom) = (a.min(b), a.max(b));
    let (middle, width) = (x + slot / 2.0, column_width(slot));
    let text = bar.text(chart, style);
    let tip = format!("{}: {text}", step.label);
    let size = (width, (bottom - top).max(1.0));
    canvas.rect(bar_class(bar, step.tone), (middle - width / 2.0, top), size, &tip);
    canvas.text("value", Anchor::Middle, (middle, top - 7.0), slot, &text);
}

/// A name on two lines at most, broken between words.
fn two_lines(name: &str, room: f64) -> Vec<String> {
    if text_width(name) <= room {
        return vec![name.to_owned()];
    }
    let mut first = String::new();
    let mut rest = name;
    while let Some((word, after)) = rest.split_once(' ') {
        let longer = if first.is_empty() { word.to_owned() } else { format!("{first} {word}") };
        if text_width(&longer) > room {
            break;
        }
        first = longer;
        rest = after;
    }
    if first.is_empty() { vec![fit(name, room)] } else { vec![first, fit(rest, room)] }
}

#[cfg(test)]
mod tests {
    use super::super::super::presentation::WaterfallStep;
    use super::*;

    #[test]
    fn levels_add_up_and_totals_stand_on_zero() {
        let step = |value, kind| WaterfallStep { value, kind, ..WaterfallStep::default() };
        let steps = vec![
            step(10.0, StepKind::Change),
            step(-4.0, StepKind::Change),
            step(f64::NAN, StepKind::Change),
            step(6.0, StepKind::Total),
        ];
        let bars = levels(&Waterfall { steps, ..Waterfall::default() });
        let ends: Vec<_> = bars.iter().map(|bar| (bar.from, bar.to)).collect();
        assert_eq!(ends, [(0.0, 10.0), (10.0, 6.0), (6.0, 6.0), (0.0, 6.0)]);
    }

    #[test]
    fn names_break_between_words() {
        assert_eq!(two_lines("shortage cost", 60.0), ["shortage", "cost"]);
        assert_eq!(two_lines("cost", 60.0), ["cost"]);
        assert_eq!(two_lines("unbreakablelongname", 60.0).len(), 1);
    }
}
