//! Charts made of rows: a name, a floating bar, a value. Bars, tornado and
//! comparison are drawn so at every width, the waterfall on a narrow page.

use crate::presentation::{Bars, Comparison, Line, Style, Tone, Tornado, Waterfall};

use super::legend::Key;
use super::scale::{Scale, extent, round_range};
use super::svg::{Anchor, Canvas, text_width};
use super::waterfall::{Bar, levels};

/// Height of a bar.
const BAR: f64 = 20.0;
/// Height of the axis under the rows.
const AXIS: f64 = 26.0;
/// Space at the right edge, for half a tick's name.
const EDGE: f64 = 18.0;
/// Most rows that one chart draws; the data table under it holds all.
const MOST: usize = 40;

/// Where names, bars and values stand.
struct Layout {
    /// Left and right end of the bars.
    bars: (f64, f64),
    /// Height of a row.
    row: f64,
    /// Whether the names stand above their bars.
    stacked: bool,
}

impl Layout {
    fn new<'a>(width: f64, names: impl Iterator<Item = &'a str>, values: f64) -> Self {
        let stacked = width < 500.0;
        let widest = names.map(text_width).fold(60.0, f64::max).min(width * 0.32);
        let left = if stacked { 2.0 } else { widest + 14.0 };
        let row = if stacked { BAR + 26.0 } else { BAR + 14.0 };
        Layout { bars: (left, (width - values.max(EDGE)).max(left + 40.0)), row, stacked }
    }

    /// Top of the bar of a row.
    fn top(&self, row: usize) -> f64 {
        6.0 + row as f64 * self.row + if self.stacked { 17.0 } else { 0.0 }
    }

    fn height(&self, rows: usize) -> f64 {
        6.0 + rows as f64 * self.row + AXIS
    }

    fn name(&self, canvas: &mut Canvas, row: usize, name: &str) {
        let top = self.top(row);
        if self.stacked {
            let room = canvas.width - 4.0;
            canvas.text("name", Anchor::Start, (2.0, top - 6.0), room, name);
        } else {
            let room = self.bars.0 - 12.0;
            canvas.text("name", Anchor::End, (self.bars.0 - 12.0, top + BAR * 0.72), room, name);
        }
    }

    /// Grid and axis; gives the scale of the bars.
    fn axis(
        &self,
        canvas: &mut Canvas,
        range: (f64, f64),
        measure: &crate::presentation::Measure,
        style: &Style,
        rows: usize,
    ) -> Scale {
        let room = self.bars.1 - self.bars.0;
        let (range, ticks) = round_range(range, ((room / 90.0) as usize).clamp(2, 7));
        let scale = Scale::new(range, self.bars);
        let bottom = 6.0 + rows as f64 * self.row;
        for tick in ticks {
            let x = scale.at(tick);
            let class = if tick == 0.0 { "zero" } else { "grid" };
            canvas.line(class, (x, 2.0), (x, bottom));
            let anchor = if x < 20.0 { Anchor::Start } else { Anchor::Middle };
            canvas.text("tick", anchor, (x, bottom + 17.0), room, &style.tick(tick, measure));
        }
        scale
    }
}

/// Draws one bar a category.
pub(super) fn bars(chart: &Bars, style: &Style, width: f64) -> Canvas {
    let rows = chart.labels.len().min(MOST);
    let values = &chart.values[..chart.values.len().min(rows)];
    let texts: Vec<String> = values.iter().map(|&value| style.number(value, &chart.measure)).collect();
    let widest = texts.iter().map(|text| text_width(text)).fold(0.0, f64::max) + 14.0;
    let layout = Layout::new(width, chart.labels.iter().take(rows).map(String::as_str), widest);
    let mut canvas = Canvas::new(width, layout.height(rows));
    let range = extent(values.iter().copied().chain([0.0])).unwrap_or((0.0, 1.0));
    let scale = layout.axis(&mut canvas, range, &chart.measure, style, rows);
    for (row, label) in chart.labels.iter().take(rows).enumerate() {
        layout.name(&mut canvas, row, label);
        let Some(&value) = values.get(row).filter(|value| value.is_finite()) else { continue };
        let (from, to) = ordered(scale.at(0.0), scale.at(value));
        let tip = format!("{label}: {}", texts[row]);
        canvas.rect("bar s0", (from, layout.top(row)), (to - from, BAR), &tip);
        let at = (to + 6.0, layout.top(row) + BAR * 0.72);
        canvas.text("value", Anchor::Start, at, widest, &texts[row]);
    }
    canvas
}

/// Draws the widest bars on top, each from its low to its high end around the base.
pub(super) fn tornado(chart: &Tornado, style: &Style, width: f64) -> Canvas {
    let order = tornado_order(chart);
    let order = &order[..order.len().min(MOST)];
    let names = order.iter().map(|&i| chart.bars[i].label.as_str());
    let layout = Layout::new(width, names, 24.0);
    let mut canvas = Canvas::new(width, layout.height(order.len()));
    let ends = order.iter().flat_map(|&i| [chart.bars[i].low, chart.bars[i].high]);
    let (low, high) = extent(ends.chain([chart.base])).unwrap_or((0.0, 1.0));
    let margin = (high - low) * 0.12;
    let scale = layout.axis(&mut canvas, (low - margin, high + margin), &chart.measure, style, order.len());
    let base = scale.at(if chart.base.is_finite() { chart.base } else { low });
    for (row, &i) in order.iter().enumerate() {
        let bar = &chart.bars[i];
        layout.name(&mut canvas, row, &bar.label);
        for (value, label, class) in
            [(bar.low, &bar.low_label, "bar low"), (bar.high, &bar.high_label, "bar high")]
        {
            if !value.is_finite() {
                continue;
            }
            let end = scale.at(value);
            let (from, to) = ordered(base, end);
            let tip = format!("{} {label}: {}", bar.label, style.number(value, &chart.measure));
            canvas.rect(class, (from, layout.top(row)), (to - from, BAR), &tip);
            let (anchor, x, room) = if end < base {
                (Anchor::End, end - 5.0, end - layout.bars.0 - 5.0)
            } else {
                (Anchor::Start, end + 5.0, canvas.width - end - 6.0)
            };
            if room > 16.0 {
                canvas.text("value", anchor, (x, layout.top(row) + BAR * 0.72), room, label);
            }
        }
    }
    let bottom = 6.0 + order.len() as f64 * layout.row;
    canvas.line("base", (base, 2.0), (base, bottom));
    canvas
}

/// Positions of the bars from the widest swing to the narrowest.
pub(super) fn tornado_order(chart: &Tornado) -> Vec<usize> {
    let swing = |i: usize| {
        let bar = &chart.bars[i];
        extent([bar.low, bar.high, chart.base].into_iter()).map_or(0.0, |(low, high)| high - low)
    };
    let mut order: Vec<usize> = (0..chart.bars.len()).collect();
    order.sort_by(|&a, &b| swing(b).total_cmp(&swing(a)).then(a.cmp(&b)));
    order
}

/// Draws one stacked bar a policy; components below zero count as zero.
pub(super) fn comparison(chart: &Comparison, style: &Style, width: f64) -> Canvas {
    let rows = chart.policies.len().min(MOST);
    let share = |line: &Line, row: usize| {
        line.values.get(row).copied().filter(|value| value.is_finite()).unwrap_or(0.0).max(0.0)
    };
    let totals: Vec<f64> =
        (0..rows).map(|row| chart.components.iter().map(|line| share(line, row)).sum()).collect();
    let texts: Vec<String> = totals.iter().map(|&total| style.number(total, &chart.measure)).collect();
    let widest = texts.iter().map(|text| text_width(text)).fold(0.0, f64::max) + 14.0;
    let layout = Layout::new(width, chart.policies.iter().take(rows).map(String::as_str), widest);
    let mut canvas = Canvas::new(width, layout.height(rows));
    let range = extent(totals.iter().copied().chain([0.0])).unwrap_or((0.0, 1.0));
    let scale = layout.axis(&mut canvas, range, &chart.measure, style, rows);
    for (row, (policy, total)) in chart.policies.iter().zip(&texts).enumerate() {
        layout.name(&mut canvas, row, policy);
        let (top, mut level) = (layout.top(row), 0.0);
        for (i, line) in chart.components.iter().enumerate() {
            let value = share(line, row);
            let (from, to) = (scale.at(level), scale.at(level + value));
            level += value;
            let text = style.number(value, &chart.measure);
            let tip = format!("{policy}, {}: {text}", line.name);
            canvas.rect(Key::component(i), (from, top), (to - from, BAR), &tip);
            if to - from > text_width(&text) + 8.0 {
                let class = format!("in-bar on-s{}", i % 6);
                canvas.text(&class, Anchor::Middle, ((from + to) / 2.0, top + BAR * 0.7), to - from, &text);
            }
        }
        let at = (scale.at(level) + 6.0, top + BAR * 0.72);
        canvas.text("value", Anchor::Start, at, widest, total);
    }
    canvas
}

/// Draws a waterfall from top to bottom, for a narrow page or many steps.
pub(super) fn waterfall(chart: &Waterfall, style: &Style, width: f64) -> Canvas {
    let all = levels(chart);
    let steps = &all[..all.len().min(MOST)];
    let names = steps.iter().map(|bar| chart.steps[bar.step].label.as_str());
    let texts: Vec<String> = steps.iter().map(|bar| bar.text(chart, style)).collect();
    let widest = texts.iter().map(|text| text_width(text)).fold(0.0, f64::max) + 14.0;
    let layout = Layout::new(width, names, widest);
    let mut canvas = Canvas::new(width, layout.height(steps.len()));
    let range = extent(steps.iter().flat_map(|bar| [bar.from, bar.to]).chain([0.0])).unwrap_or((0.0, 1.0));
    let scale = layout.axis(&mut canvas, range, &chart.measure, style, steps.len());
    for (row, bar) in steps.iter().enumerate() {
        let step = &chart.steps[bar.step];
        layout.name(&mut canvas, row, &step.label);
        let (from, to) = ordered(scale.at(bar.from), scale.at(bar.to));
        let tip = format!("{}: {}", step.label, texts[row]);
        canvas.rect(bar_class(bar, step.tone), (from, layout.top(row)), ((to - from).max(1.0), BAR), &tip);
        let at = (to + 6.0, layout.top(row) + BAR * 0.72);
        canvas.text("value", Anchor::Start, at, widest, &texts[row]);
        if row + 1 < steps.len() {
            let x = scale.at(bar.to);
            canvas.line("link", (x, layout.top(row) + BAR), (x, layout.top(row + 1)));
        }
    }
    canvas
}

/// Class of a waterfall's bar.
pub(super) fn bar_class(bar: &Bar, tone: Tone) -> &'static str {
    match (bar.total, tone) {
        (true, _) => "bar total",
        (false, Tone::Neutral) => "bar step",
        (false, Tone::Good) => "bar good",
        (false, Tone::Warning) => "bar warning",
        (false, Tone::Bad) => "bar bad",
    }
}

fn ordered(a: f64, b: f64) -> (f64, f64) {
    if a <= b { (a, b) } else { (b, a) }
}
