//! A timetable: one row a vehicle, one bar a span of time.

use crate::presentation::{Activity, Timetable};

use super::scale::{Scale, extent};
use super::svg::{Anchor, Canvas, text_width};

/// Height of a bar.
const BAR: f64 = 16.0;
/// Height of a row.
const ROW: f64 = 25.0;
/// Most rows that one drawing shows; the numbers under it hold all.
const MOST: usize = 60;

/// Class of the bars of an activity.
pub(super) fn class(activity: Activity) -> &'static str {
    match activity {
        Activity::Driving => "span-driving",
        Activity::Service => "span-service",
        Activity::LateService => "span-late",
        Activity::Waiting => "span-waiting",
        Activity::Rest => "span-rest",
        Activity::Loading => "span-loading",
    }
}

/// Draws the timetable.
pub(super) fn draw(chart: &Timetable, width: f64) -> Canvas {
    let rows = &chart.rows[..chart.rows.len().min(MOST)];
    let stacked = width < 500.0;
    let widest = rows.iter().map(|row| text_width(&row.name)).fold(30.0, f64::max).min(width * 0.25);
    let left = if stacked { 2.0 } else { widest + 12.0 };
    let row_height = if stacked { ROW + 15.0 } else { ROW };
    let top = |row: usize| 8.0 + row as f64 * row_height + if stacked { 15.0 } else { 0.0 };
    let bottom = 8.0 + rows.len() as f64 * row_height;
    let mut canvas = Canvas::new(width, bottom + 24.0);
    let times = rows.iter().flat_map(|row| &row.spans).flat_map(|span| [span.from, span.to]);
    let range = extent(times).filter(|(from, to)| to > from).unwrap_or((0.0, 1.0));
    let scale = Scale::new(range, (left, width - 14.0));
    axis(&mut canvas, chart, range, &scale, bottom);
    for (at, row) in rows.iter().enumerate() {
        let (anchor, x, y) = if stacked {
            (Anchor::Start, 2.0, top(at) - 4.0)
        } else {
            (Anchor::End, left - 8.0, top(at) + BAR * 0.78)
        };
        canvas.text("label", anchor, (x, y), if stacked { width } else { widest }, &row.name);
        for span in &row.spans {
            let (from, to) = (scale.at(span.from), scale.at(span.to));
            let thin = matches!(span.activity, Activity::Driving | Activity::Waiting);
            let (y, height) = if thin { (top(at) + BAR / 2.0 - 2.0, 4.0) } else { (top(at), BAR) };
            canvas.rect(class(span.activity), (from, y), ((to - from).max(1.0), height), &span.text);
        }
    }
    canvas
}

fn axis(canvas: &mut Canvas, chart: &Timetable, range: (f64, f64), scale: &Scale, bottom: f64) {
    let mut free = f64::NEG_INFINITY;
    for tick in chart.ticks.iter().filter(|tick| tick.at >= range.0 && tick.at <= range.1) {
        let x = scale.at(tick.at);
        canvas.line("grid", (x, 4.0), (x, bottom));
        let half = text_width(&tick.name) / 2.0;
        let middle = x.clamp(half, (canvas.width - half).max(half));
        if middle - half > free {
            canvas.text("tick", Anchor::Middle, (middle, bottom + 16.0), f64::MAX, &tick.name);
            free = middle + half + 8.0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::presentation::{TimeRow, TimeSpan};

    #[test]
    fn spans_are_drawn_in_their_row_and_order() {
        let span = |from, to, activity| TimeSpan { from, to, activity, text: format!("{from} to {to}") };
        let spans = vec![span(0.0, 30.0, Activity::Driving), span(30.0, 60.0, Activity::LateService)];
        let chart =
            Timetable { rows: vec![TimeRow { name: "VAN 1".to_owned(), spans }], ..Timetable::default() };
        for width in [860.0, 330.0] {
            let drawn = draw(&chart, width).finish("t", "", "");
            assert!(drawn.contains("VAN 1") && drawn.contains("<title>30 to 60</title>"), "{drawn}");
            assert!(drawn.find("span-driving") < drawn.find("span-late"));
        }
    }
}
