//! Lines over time with bands, shaded spans and markers.

use chrono::NaiveDate;

use crate::presentation::{Axis, Band, Line, LineStyle, Lines, Style};

use super::scale::{Scale, date_ticks, extent, round_range};
use super::svg::{Anchor, Canvas, text_width};

const HEIGHT: f64 = 320.0;
/// Points beyond this many get no dot and no tooltip of their own.
const MOST_DOTS: usize = 160;

/// Where the points of a chart stand.
struct Frame {
    x: Vec<f64>,
    y: Scale,
    left: f64,
    right: f64,
    top: f64,
    bottom: f64,
}

/// Draws the chart.
pub(super) fn draw(chart: &Lines, style: &Style, width: f64) -> Canvas {
    let mut canvas = Canvas::new(width, if width < 500.0 { HEIGHT * 0.8 } else { HEIGHT });
    let frame = frame(&mut canvas, chart, style);
    for span in &chart.spans {
        shade(&mut canvas, &frame, span.from, span.to, &span.name);
    }
    for (i, band) in chart.bands.iter().enumerate() {
        draw_band(&mut canvas, &frame, band, i);
    }
    for (i, line) in chart.lines.iter().enumerate() {
        draw_line(&mut canvas, &frame, chart, style, line, i);
    }
    for marker in &chart.markers {
        if let Some(&x) = frame.x.get(marker.at) {
            let value = if marker.value.is_finite() { frame.y.at(marker.value) } else { frame.top + 12.0 };
            let tip = if marker.text.is_empty() { &marker.name } else { &marker.text };
            canvas.mark(marker_kind(chart, &marker.name), (x, value), tip);
        }
    }
    canvas
}

/// Draws grid and axes; gives the positions of the points.
fn frame(canvas: &mut Canvas, chart: &Lines, style: &Style) -> Frame {
    let values = chart.lines.iter().flat_map(|line| &line.values);
    let edges = chart.bands.iter().flat_map(|band| band.low.iter().chain(&band.high));
    let markers = chart.markers.iter().map(|marker| marker.value);
    let range = extent(values.chain(edges).copied().chain(markers).chain([0.0])).unwrap_or((0.0, 1.0));
    let (range, ticks) = round_range(range, 5);
    let names: Vec<String> = ticks.iter().map(|&tick| style.tick(tick, &chart.measure)).collect();
    let left = names.iter().map(|name| text_width(name)).fold(0.0, f64::max) + 14.0;
    let (top, bottom, right) = (22.0, canvas.height - 28.0, canvas.width - 12.0);
    let y = Scale::new(range, (bottom, top));
    let unit = style.unit(&chart.measure);
    canvas.text("tick", Anchor::Start, (0.0, 11.0), canvas.width, unit);
    for (&tick, name) in ticks.iter().zip(&names) {
        let at = y.at(tick);
        canvas.line(if tick == 0.0 { "zero" } else { "grid" }, (left, at), (right, at));
        canvas.text("tick", Anchor::End, (left - 8.0, at + 4.0), left, name);
    }
    let x = match &chart.axis {
        Axis::Dates(dates) => date_axis(canvas, dates, style, (left, right), bottom),
        Axis::Labels(labels) => label_axis(canvas, labels, (left, right), bottom),
    };
    Frame { x, y, left, right, top, bottom }
}

fn date_axis(
    canvas: &mut Canvas,
    dates: &[NaiveDate],
    style: &Style,
    (left, right): (f64, f64),
    bottom: f64,
) -> Vec<f64> {
    let (Some(&first), Some(&last)) = (dates.iter().min(), dates.iter().max()) else { return Vec::new() };
    let days = (last - first).num_days();
    let scale = Scale::new((0.0, days.max(1) as f64), (left + 6.0, right - 6.0));
    let at = |day: NaiveDate| scale.at((day - first).num_days() as f64);
    let most = ((right - left) / 90.0) as usize;
    let ticks = date_ticks(first, last, most);
    let with_year = days > 300 || ticks.len() == 1;
    for &tick in &ticks {
        let name = if with_year { style.date(tick) } else { style.day(tick) };
        let name = if days > 300 { name.split_once('\u{a0}').map_or("", |parts| parts.1) } else { &name };
        let x = at(tick);
        canvas.line("notch", (x, bottom), (x, bottom + 5.0));
        // The first and last names stay inside the drawing.
        let half = text_width(name) / 2.0;
        let x = x.clamp(half, (canvas.width - half).max(half));
        canvas.text("tick", Anchor::Middle, (x, bottom + 20.0), f64::MAX, name);
    }
    dates.iter().map(|&day| at(day)).collect()
}

fn label_axis(canvas: &mut Canvas, labels: &[String], (left, right): (f64, f64), bottom: f64) -> Vec<f64> {
    let slot = (right - left) / labels.len().max(1) as f64;
    let every = ((64.0 / slot).ceil() as usize).max(1);
    let x: Vec<f64> = (0..labels.len()).map(|i| left + slot * (i as f64 + 0.5)).collect();
    for (i, label) in labels.iter().enumerate().step_by(every) {
        let room = slot * every as f64 - 6.0;
        canvas.text("tick", Anchor::Middle, (x[i], bottom + 20.0), room, label);
    }
    x
}

/// Shades the positions `from ..= to`, each with the space up to its neighbours.
fn shade(canvas: &mut Canvas, frame: &Frame, from: usize, to: usize, name: &str) {
    let last = frame.x.len().saturating_sub(1);
    if frame.x.is_empty() || from > last || to < from {
        return;
    }
    let to = to.min(last);
    let half = |a: usize, b: usize| (frame.x[a] + frame.x[b]) / 2.0;
    let start = if from == 0 { frame.left } else { half(from - 1, from) };
    let end = if to == last { frame.right } else { half(to, to + 1) };
    canvas.rect("span", (start, frame.top), (end - start, frame.bottom - frame.top), name);
}

fn draw_band(canvas: &mut Canvas, frame: &Frame, band: &Band, index: usize) {
    let known = |i: usize| {
        let (low, high) = (band.low.get(i)?, band.high.get(i)?);
        (low.is_finite() && high.is_finite()).then_some((*low, *high))
    };
    let class = format!("band b{}", index.min(3));
    for run in runs(frame.x.len(), |i| known(i).is_some()) {
        let edge = |i: usize, upper: bool| {
            let (low, high) = known(i).unwrap_or_default();
            (frame.x[i], frame.y.at(if upper { high } else { low }))
        };
        let upper = run.clone().map(|i| edge(i, true));
        let lower = run.clone().rev().map(|i| edge(i, false));
        let points: Vec<(f64, f64)> = upper.chain(lower).collect();
        canvas.path(&class, &points, true);
    }
}

fn draw_line(canvas: &mut Canvas, frame: &Frame, chart: &Lines, style: &Style, line: &Line, index: usize) {
    let known = |i: usize| line.values.get(i).copied().filter(|value| value.is_finite());
    let class = format!("curve {} s{}", line_class(line.style), index % 6);
    for run in runs(frame.x.len(), |i| known(i).is_some()) {
        let mut points: Vec<(f64, f64)> = Vec::with_capacity(run.len() * 2);
        for i in run {
            let at = (frame.x[i], frame.y.at(known(i).unwrap_or_default()));
            if let (LineStyle::Level, Some(&before)) = (line.style, points.last()) {
                points.push((at.0, before.1));
            }
            points.push(at);
        }
        canvas.path(&class, &points, false);
    }
    let has_dots = matches!(line.style, LineStyle::Observed | LineStyle::Expected);
    if !has_dots || frame.x.len() > MOST_DOTS {
        return;
    }
    let class = format!("dot s{}", index % 6);
    for i in 0..frame.x.len() {
        if let Some(value) = known(i) {
            let tip = format!("{}, {}: {}", line.name, position(chart, style, i), {
                style.number(value, &chart.measure)
            });
            canvas.dot(&class, (frame.x[i], frame.y.at(value)), 2.2, &tip);
        }
    }
}

/// Number of a marker's name among the names of the chart's markers.
pub(super) fn marker_kind(chart: &Lines, name: &str) -> usize {
    let mut names: Vec<&str> = Vec::new();
    for marker in &chart.markers {
        if marker.name == name {
            break;
        }
        if !names.contains(&marker.name.as_str()) {
            names.push(&marker.name);
        }
    }
    names.len()
}

/// Name of a position of the axis.
pub(super) fn position(chart: &Lines, style: &Style, i: usize) -> String {
    match &chart.axis {
        Axis::Dates(dates) => dates.get(i).map_or(String::new(), |&day| style.date(day)),
        Axis::Labels(labels) => labels.get(i).cloned().unwrap_or_default(),
    }
}

/// Class of a line's style.
pub(super) fn line_class(style: LineStyle) -> &'static str {
    match style {
        LineStyle::Observed => "observed",
        LineStyle::Expected => "expected",
        LineStyle::Level => "level",
        LineStyle::Limit => "limit",
    }
}

/// Maximal runs of positions at which `known` holds.
fn runs(len: usize, known: impl Fn(usize) -> bool) -> Vec<std::ops::Range<usize>> {
    let mut found = Vec::new();
    let mut start = None;
    for i in 0..=len {
        match (start, i < len && known(i)) {
            (None, true) => start = Some(i),
            (Some(from), false) => {
                found.push(from..i);
                start = None;
            }
            _ => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markers_of_another_name_look_different() {
        let marker = |name: &str, at: usize| crate::presentation::Marker {
            name: name.to_owned(),
            at,
            value: 1.0,
            text: String::new(),
        };
        let chart = Lines {
            axis: Axis::Labels(vec!["1".to_owned(), "2".to_owned(), "3".to_owned()]),
            markers: vec![marker("now", 0), marker("new", 2), marker("now", 1)],
            ..Lines::default()
        };
        let kinds: Vec<usize> = ["now", "new"].iter().map(|name| marker_kind(&chart, name)).collect();
        assert_eq!(kinds, [0, 1]);
        let drawn = draw(&chart, &Style::default(), 600.0).finish("a", "b", "c");
        let of = |class: &str| drawn.matches(&format!("class=\"{class}\"")).count();
        assert_eq!((of("marker"), of("marker m1")), (2, 1), "{drawn}");
        let keys = super::super::legend::lines(&chart);
        assert_eq!(keys.len(), 2);
        assert!(
            keys[0].sample.contains("class=\"marker\"") && keys[1].sample.contains("class=\"marker m1\"")
        );
    }

    #[test]
    fn runs_are_maximal() {
        let known = [true, true, false, true];
        assert_eq!(runs(4, |i| known[i]), [0..2, 3..4]);
        assert!(runs(0, |_| true).is_empty());
    }
}
