//! A heat map: one row a name, one cell a column, the stronger the colour the greater its value.

use crate::presentation::{HeatMap, Style};

use super::svg::{Anchor, Canvas, text_width};

/// Height of a row.
const ROW: f64 = 20.0;
/// Shades beside the empty one; the style sheet has as many.
pub(super) const SHADES: usize = 9;
/// Most rows that one drawing shows; the numbers under it hold all.
const MOST: usize = 60;

/// Draws the cells.
pub(super) fn draw(chart: &HeatMap, style: &Style, width: f64) -> Canvas {
    let rows = &chart.rows[..chart.rows.len().min(MOST)];
    let widest = rows.iter().map(|row| text_width(row)).fold(24.0, f64::max).min(width * 0.25);
    let left = widest + 10.0;
    let step = (width - left - 4.0) / chart.columns.len().max(1) as f64;
    let top = 18.0;
    let mut canvas = Canvas::new(width, top + rows.len() as f64 * ROW + 6.0);
    let greatest = chart.values.iter().copied().filter(|value| value.is_finite()).fold(0.0, f64::max);
    let mut free = f64::NEG_INFINITY;
    for (at, column) in chart.columns.iter().enumerate() {
        let (x, half) = (left + (at as f64 + 0.5) * step, text_width(column) / 2.0);
        if x - half > free {
            canvas.text("tick", Anchor::Middle, (x, top - 6.0), f64::MAX, column);
            free = x + half + 4.0;
        }
    }
    for (row, name) in rows.iter().enumerate() {
        let y = top + row as f64 * ROW;
        canvas.text("label", Anchor::End, (left - 6.0, y + ROW * 0.7), widest, name);
        for (at, column) in chart.columns.iter().enumerate() {
            let value = chart.values.get(row * chart.columns.len() + at).copied().unwrap_or(f64::NAN);
            let told = style.number(value, &chart.measure);
            let class = format!("heat h{}", shade(value, greatest));
            canvas.rect(
                &class,
                (left + at as f64 * step, y),
                (step - 1.0, ROW - 1.0),
                &format!("{name}, {column}: {told}"),
            );
        }
    }
    canvas
}

/// Shade of a value: 0 for nothing, the last for the greatest.
fn shade(value: f64, greatest: f64) -> usize {
    if value.is_nan() || value <= 0.0 || greatest <= 0.0 {
        return 0;
    }
    ((value / greatest * SHADES as f64).ceil() as usize).clamp(1, SHADES)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_greatest_value_has_the_last_shade() {
        let shades = [0.0, 0.4, 5.0, 10.0, f64::NAN].map(|value| shade(value, 10.0));
        assert_eq!(shades, [0, 1, 5, SHADES, 0]);
        let names = |names: [&str; 2]| names.map(str::to_owned).to_vec();
        let chart = HeatMap {
            rows: names(["north", "south"]),
            columns: names(["08", "09"]),
            values: vec![1.0, 2.0, 0.0, 4.0],
            ..HeatMap::default()
        };
        for width in [860.0, 330.0] {
            let drawn = draw(&chart, &Style::default(), width).finish("h", "", "");
            assert!(drawn.contains("<title>south, 09: 4</title>") && drawn.contains("heat h9"), "{drawn}");
            assert_eq!(drawn.matches("<rect").count(), 4);
        }
    }
}
