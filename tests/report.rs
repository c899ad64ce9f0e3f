//! The report as a page: well formed, safe, accessible, small, reproducible.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use purvey::presentation::{Block, Presentation, Section};
use purvey::report::{PAGE_BYTES, render};

#[path = "../examples/report_gallery/nasty.rs"]
mod nasty;
#[path = "../examples/report_gallery/wholesaler.rs"]
mod wholesaler;

static PAGES: LazyLock<[(&str, String); 4]> = LazyLock::new(|| {
    [
        ("wholesaler", render(&wholesaler::presentation(60)).unwrap()),
        ("nasty", render(&nasty::presentation()).unwrap()),
        ("empty", render(&Presentation::default()).unwrap()),
        ("empty section", {
            let mut told = Presentation::new("one");
            told.sections.push(Section::new("").with(Block::text("")));
            render(&told).unwrap()
        }),
    ]
});

/// One tag of a page.
#[derive(Debug, Clone)]
struct Tag {
    name: String,
    attributes: BTreeMap<String, String>,
    closing: bool,
}

const VOID: [&str; 5] = ["meta", "link", "input", "br", "hr"];

/// The tags of a page in order; panics on what is no tag, and on a quote or tag left open.
fn tags(page: &str) -> Vec<Tag> {
    let mut found: Vec<Tag> = Vec::new();
    let mut rest = page;
    while let Some(start) = rest.find('<') {
        assert!(!rest[..start].contains('>'), "a bare > before {:.60}", &rest[start..]);
        rest = &rest[start + 1..];
        if let Some(after) = rest.strip_prefix("!DOCTYPE html>") {
            rest = after;
            continue;
        }
        let (tag, after) = tag(rest);
        rest = after;
        if !tag.closing && (tag.name == "script" || tag.name == "style") {
            let end = rest.find(&format!("</{}", tag.name)).expect("raw text is closed");
            rest = &rest[end..];
        }
        found.push(tag);
    }
    found
}

fn tag(text: &str) -> (Tag, &str) {
    let (closing, text) = text.strip_prefix('/').map_or((false, text), |text| (true, text));
    let end = text.find(|c: char| !c.is_ascii_alphanumeric()).expect("a tag has a name and an end");
    assert!(end > 0, "no tag: <{text:.40}");
    let name = text[..end].to_owned();
    let mut rest = text[end..].trim_start();
    let mut attributes = BTreeMap::new();
    loop {
        if let Some(after) = rest.strip_prefix("/>") {
            let tag = Tag { name: format!("{name}/"), attributes, closing };
            return (tag, after);
        }
        if let Some(after) = rest.strip_prefix('>') {
            return (Tag { name, attributes, closing }, after);
        }
        let end = rest.find(['=', ' ', '>', '\n']).expect("an attribute has an end");
        let key = rest[..end].to_owned();
        assert!(key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-'), "attribute {key:?}");
        rest = &rest[end..];
        let mut value = String::new();
        if let Some(quoted) = rest.strip_prefix("=\"") {
            let end = quoted.find('"').expect("a quote is closed");
            value = quoted[..end].to_owned();
            rest = &quoted[end + 1..];
        }
        assert!(attributes.insert(key, value).is_none(), "an attribute twice in <{name}>");
        rest = rest.trim_start();
    }
}

#[test]
fn every_page_is_well_formed() {
    for (name, page) in PAGES.iter() {
        let mut open: Vec<String> = Vec::new();
        for tag in tags(page) {
            if tag.name.ends_with('/') || VOID.contains(&tag.name.as_str()) {
                continue;
            }
            if tag.closing {
                assert_eq!(open.pop(), Some(tag.name), "{name}");
            } else {
                open.push(tag.name);
            }
        }
        assert!(open.is_empty(), "{name}: {open:?}");
    }
}

#[test]
fn ids_are_unique_and_references_lead_somewhere() {
    for (name, page) in PAGES.iter() {
        let tags = tags(page);
        let mut ids = BTreeSet::new();
        for id in tags.iter().filter_map(|tag| tag.attributes.get("id")) {
            assert!(ids.insert(id.clone()), "{name}: id {id} twice");
        }
        for tag in &tags {
            let named = tag.attributes.get("aria-labelledby").map_or("", String::as_str);
            assert!(named.split_whitespace().all(|id| ids.contains(id)), "{name}: {named}");
            if let Some(target) = tag.attributes.get("href") {
                let inside = target.strip_prefix('#').is_some_and(|id| ids.contains(id));
                assert!(inside || target == "data:,", "{name}: href {target}");
            }
            assert!(!tag.attributes.contains_key("src"), "{name}: {tag:?}");
        }
    }
}

#[test]
fn nothing_is_loaded_from_elsewhere() {
    for (name, page) in PAGES.iter() {
        let outside = page.matches("://").count() - page.matches("\"http://www.w3.org/2000/svg\"").count();
        assert_eq!(outside, 0, "{name}");
        for word in ["@import", "url(", "fetch(", "XMLHttpRequest", "innerHTML", "eval("] {
            assert!(!page.contains(word), "{name}: {word}");
        }
        assert!(page.contains("default-src 'none'"), "{name}");
    }
}

#[test]
fn pages_are_accessible() {
    for (name, page) in PAGES.iter() {
        let tags: Vec<Tag> = tags(page).into_iter().filter(|tag| !tag.closing).collect();
        let count = |wanted: &str| tags.iter().filter(|tag| tag.name == wanted).count();
        assert_eq!((count("h1"), count("main"), count("html")), (1, 1, 1), "{name}");
        assert_eq!(count("table"), count("caption"), "{name}: each table has a caption");
        let mut level = 0;
        for tag in &tags {
            if let Some(next) = tag.name.strip_prefix('h').and_then(|digits| digits.parse::<u32>().ok()) {
                assert!(next <= level + 1, "{name}: h{next} after h{level}");
                level = next;
            }
            if tag.name == "svg" {
                let named = tag.attributes.contains_key("aria-labelledby");
                assert!(named || tag.attributes.contains_key("aria-hidden"), "{name}: {tag:?}");
            }
            assert!(tag.name != "th" || tag.attributes.contains_key("scope"), "{name}: {tag:?}");
        }
        assert!(page.contains("<html lang=\"en\">"), "{name}");
    }
}

#[test]
fn hostile_text_stays_text() {
    let page = &PAGES[1].1;
    assert!(!page.contains("<script>alert"));
    assert!(!page.contains("<b>"));
    let scripts = tags(page).into_iter().filter(|tag| tag.name == "script" && !tag.closing);
    let code = scripts.filter(|tag| tag.attributes.is_empty()).count();
    assert_eq!(code, 1, "one script of the page's own");
    assert!(page.contains("&#60;/script&#62;") || page.contains("&lt;/script&gt;"));
}

#[test]
fn embedded_data_is_json() {
    for (name, page) in PAGES.iter() {
        for part in page.split("<script type=\"application/json\"").skip(1) {
            let text = part.split_once('>').unwrap().1.split("</script>").next().unwrap();
            serde_json::from_str::<serde_json::Value>(text).unwrap_or_else(|e| panic!("{name}: {e}"));
        }
    }
}

#[test]
fn a_presentation_read_again_gives_the_same_page() {
    for told in [wholesaler::presentation(60), nasty::presentation(), Presentation::default()] {
        let again = Presentation::from_json(&told.to_json().unwrap()).unwrap();
        let page = render(&told).unwrap();
        assert!(page == render(&again).unwrap(), "{}", told.title);
        assert!(page == render(&told).unwrap(), "{}", told.title);
        assert_eq!(told.to_text(&Default::default()), again.to_text(&Default::default()));
    }
}

#[test]
fn thirty_thousand_stock_points_stay_under_the_cap() {
    let page = render(&wholesaler::presentation(30_000)).unwrap();
    assert!(page.len() < PAGE_BYTES, "{} bytes", page.len());
    let sentence = page.split("The ").find(|part| part.contains("most important entries are here"));
    let kept = sentence.and_then(|part| part.split_whitespace().next()).unwrap().replace(',', "");
    let kept: usize = kept.parse().unwrap();
    println!("{} bytes, {kept} of 30,000 entries in full", page.len());
    assert!(kept > 5_000, "{kept} kept");
    assert!(page.contains("more are in forecast.csv, orders.csv."));
    assert!(page.contains("more rows are in orders.csv."));
}

/// Colours of the first rule that starts with `selector`.
fn colours(css: &str, selector: &str) -> BTreeMap<String, [f64; 3]> {
    let body = css.split(&format!("{selector} {{")).nth(1).unwrap().split('}').next().unwrap();
    let parse = |part: &str| {
        let (name, value) = part.trim().split_once(':')?;
        let digits = value.trim().strip_prefix('#')?;
        let channel = |i: usize| Some(f64::from(u8::from_str_radix(digits.get(i..i + 2)?, 16).ok()?) / 255.0);
        Some((name.trim().to_owned(), [channel(0)?, channel(2)?, channel(4)?]))
    };
    body.split(';').filter_map(parse).collect()
}

/// Contrast of two colours by the Web Content Accessibility Guidelines 2.
fn contrast(a: [f64; 3], b: [f64; 3]) -> f64 {
    let linear = |c: f64| if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) };
    let light = |c: [f64; 3]| 0.2126 * linear(c[0]) + 0.7152 * linear(c[1]) + 0.0722 * linear(c[2]);
    let (a, b) = (light(a) + 0.05, light(b) + 0.05);
    a.max(b) / a.min(b)
}

#[test]
fn text_contrasts_with_its_ground_in_both_themes() {
    let css = include_str!("../templates/report.css");
    let themes = [":root", ":root[data-theme=\"dark\"]", ":root:not([data-theme=\"light\"])"];
    for theme in themes {
        let colours = colours(css, theme);
        let mut pairs = vec![("accent".to_owned(), "accent-soft".to_owned())];
        for text in ["text", "muted", "accent"] {
            pairs.extend(["page", "card", "sunken"].map(|ground| (text.to_owned(), ground.to_owned())));
        }
        for tone in ["good", "warning", "bad"] {
            pairs.push((tone.to_owned(), format!("{tone}-soft")));
        }
        pairs.extend((0..6).map(|i| (format!("on-s{i}"), format!("s{i}"))));
        for (text, ground) in pairs {
            let found = contrast(colours[&format!("--{text}")], colours[&format!("--{ground}")]);
            assert!(found >= 4.5, "{theme}: {text} on {ground} has {found:.2}");
        }
        // Marks must stand out from the card, though less than letters.
        for mark in ["ink", "s0", "s2", "s3", "s4", "s5", "good", "bad"] {
            let found = contrast(colours[&format!("--{mark}")], colours["--card"]);
            assert!(found >= 3.0, "{theme}: {mark} on card has {found:.2}");
        }
    }
}
