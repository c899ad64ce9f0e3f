//! A drawing as inline SVG: shapes with classes, whose colours the page's style
//! sheet decides, so that one drawing serves the light and the dark page.

use std::fmt::Write;

/// Size of the letters of a drawing, in its own units.
pub(super) const LETTER: f64 = 12.0;

/// Where a text stands relative to its position.
#[derive(Debug, Clone, Copy)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// A drawing that grows shape by shape.
#[derive(Debug)]
pub(super) struct Canvas {
    shapes: String,
    /// Width in units; a unit is a pixel where the drawing has its natural size.
    pub(super) width: f64,
    /// Height in units.
    pub(super) height: f64,
}

impl Canvas {
    /// An empty drawing.
    pub(super) fn new(width: f64, height: f64) -> Self {
        Canvas { shapes: String::new(), width, height }
    }

    /// A rectangle with a tooltip (none where empty); negative sizes count as zero.
    pub(super) fn rect(&mut self, class: &str, corner: (f64, f64), size: (f64, f64), tip: &str) {
        let (x, y) = (number(corner.0), number(corner.1));
        let (width, height) = (number(size.0.max(0.0)), number(size.1.max(0.0)));
        let _ =
            write!(self.shapes, r#"<rect class="{class}" x="{x}" y="{y}" width="{width}" height="{height}""#);
        self.close("rect", tip);
    }

    /// A straight line.
    pub(super) fn line(&mut self, class: &str, from: (f64, f64), to: (f64, f64)) {
        let (x1, y1, x2, y2) = (number(from.0), number(from.1), number(to.0), number(to.1));
        let _ = write!(self.shapes, r#"<line class="{class}" x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}"/>"#);
    }

    /// A path through `points`; nothing where there are none.
    pub(super) fn path(&mut self, class: &str, points: &[(f64, f64)], closed: bool) {
        if points.is_empty() {
            return;
        }
        let mut along = String::with_capacity(points.len() * 12);
        for (i, &(x, y)) in points.iter().enumerate() {
            let _ = write!(along, "{}{} {}", if i == 0 { 'M' } else { 'L' }, number(x), number(y));
        }
        let end = if closed { "Z" } else { "" };
        let _ = write!(self.shapes, r#"<path class="{class}" d="{along}{end}"/>"#);
    }

    /// A small disc with a tooltip.
    pub(super) fn dot(&mut self, class: &str, at: (f64, f64), radius: f64, tip: &str) {
        let (x, y, r) = (number(at.0), number(at.1), number(radius));
        let _ = write!(self.shapes, r#"<circle class="{class}" cx="{x}" cy="{y}" r="{r}""#);
        self.close("circle", tip);
    }

    /// A mark above a position, with a tooltip. Marks of another `kind` differ in shape and in colour: a triangle
    /// that points down, a diamond, a flag.
    pub(super) fn mark(&mut self, kind: usize, at: (f64, f64), tip: &str) {
        const TRIANGLE: &[(f64, f64)] = &[(0.0, 0.0), (-5.0, -9.0), (5.0, -9.0)];
        const DIAMOND: &[(f64, f64)] = &[(0.0, 0.0), (-4.5, -5.5), (0.0, -11.0), (4.5, -5.5)];
        const FLAG: &[(f64, f64)] = &[(0.0, 0.0), (0.0, -11.0), (9.0, -8.0), (1.5, -5.0), (1.5, 0.0)];
        let (class, corners) =
            [("marker", TRIANGLE), ("marker m1", DIAMOND), ("marker m2", FLAG)][kind.min(2)];
        let mut d = String::new();
        for (i, (x, y)) in corners.iter().enumerate() {
            let letter = if i == 0 { 'M' } else { 'L' };
            let _ = write!(d, "{letter}{} {}", number(at.0 + x), number(at.1 + y));
        }
        let _ = write!(self.shapes, r#"<path class="{class}" d="{d}Z""#);
        self.close("path", tip);
    }

    /// A text that is cut where it is wider than `room`, with the whole as tooltip.
    pub(super) fn text(&mut self, class: &str, anchor: Anchor, at: (f64, f64), room: f64, text: &str) {
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let (x, y) = (number(at.0), number(at.1));
        let shown = fit(text, room);
        let tip = if shown == text { "" } else { text };
        let _ = write!(
            self.shapes,
            r#"<text class="{class}" x="{x}" y="{y}" text-anchor="{anchor}">{}"#,
            escape(&shown)
        );
        if !tip.is_empty() {
            let _ = write!(self.shapes, "<title>{}</title>", escape(tip));
        }
        self.shapes.push_str("</text>");
    }

    /// The drawing as one `<svg>` element that names and describes itself.
    pub(super) fn finish(self, id: &str, title: &str, description: &str) -> String {
        let (width, height) = (number(self.width), number(self.height));
        format!(
            concat!(
                r#"<svg viewBox="0 0 {w} {h}" width="{w}" height="{h}" role="img" "#,
                r#"aria-labelledby="{id}-title {id}-desc"><title id="{id}-title">{title}</title>"#,
                r#"<desc id="{id}-desc">{desc}</desc>{shapes}</svg>"#
            ),
            w = width,
            h = height,
            id = id,
            title = escape(title),
            desc = escape(description),
            shapes = self.shapes,
        )
    }

    /// The drawing as an `<svg>` element that assistive technology passes over.
    pub(super) fn finish_hidden(self) -> String {
        let (width, height) = (number(self.width), number(self.height));
        format!(
            r#"<svg viewBox="0 0 {width} {height}" width="{width}" height="{height}" aria-hidden="true">{}</svg>"#,
            self.shapes
        )
    }

    fn close(&mut self, element: &str, tip: &str) {
        if tip.is_empty() {
            self.shapes.push_str("/>");
        } else {
            let _ = write!(self.shapes, "><title>{}</title></{element}>", escape(tip));
        }
    }
}

/// Width of a text in units, from the usual width of its characters.
pub(super) fn text_width(text: &str) -> f64 {
    text.chars()
        .map(|c| match c {
            'i' | 'l' | 'j' | '.' | ',' | ':' | ';' | '\'' | '|' | 'I' => 0.32,
            'm' | 'w' | 'M' | 'W' | '%' | '@' => 0.9,
            '0'..='9' => 0.58,
            'A'..='Z' => 0.68,
            c if (c as u32) < 0x1100 => 0.56,
            _ => 1.0,
        })
        .sum::<f64>()
        * LETTER
}

/// The text, cut with an ellipsis where it is wider than `room`.
pub(super) fn fit(text: &str, room: f64) -> String {
    if text_width(text) <= room {
        return text.to_owned();
    }
    let mut kept = String::new();
    let mut width = text_width("…");
    for c in text.chars() {
        width += text_width(c.encode_utf8(&mut [0; 4]));
        if width > room {
            break;
        }
        kept.push(c);
    }
    kept.truncate(kept.trim_end().len());
    kept.push('…');
    kept
}

/// Text that is safe as content and as attribute of HTML and SVG.
pub(super) fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            c if c.is_control() && c != '\n' => safe.push('\u{fffd}'),
            c => safe.push(c),
        }
    }
    safe
}

/// A coordinate with one decimal at most; what is no number stands at zero.
fn number(value: f64) -> String {
    if !value.is_finite() {
        return "0".to_owned();
    }
    let rounded = (value.clamp(-1e6, 1e6) * 10.0).round() / 10.0;
    if rounded == 0.0 { "0".to_owned() } else { rounded.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_cut_to_its_room_and_escaped() {
        assert_eq!(fit("short", 100.0), "short");
        let cut = fit("a very long name of an item", 60.0);
        assert!(cut.ends_with('…') && text_width(&cut) <= 60.0, "{cut}");
        assert_eq!(escape("<script>\"&'\u{7}"), "&lt;script&gt;&quot;&amp;&#39;\u{fffd}");
        assert_eq!(fit("anything", 0.0), "…");
    }

    #[test]
    fn coordinates_are_always_numbers() {
        for value in [f64::NAN, f64::INFINITY, -0.04, 1e300] {
            assert!(number(value).parse::<f64>().is_ok_and(f64::is_finite));
        }
        assert_eq!(number(-0.01), "0");
    }
}
