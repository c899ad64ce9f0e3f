//! The report in a real browser: theme, search, sorting, CSV, paper, phone.
//!
//! Runs where a Chromium is installed, and says so where there is none.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, missing_docs)]

use std::path::PathBuf;
use std::process::Command;

use purvey::report::render;
use serde_json::{Value, json};

#[path = "../examples/report_gallery/nasty.rs"]
mod nasty;
#[path = "../examples/report_gallery/wholesaler.rs"]
mod wholesaler;

/// A browser on the path.
fn browser() -> Option<PathBuf> {
    let names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
    let folders: Vec<PathBuf> = std::env::split_paths(&std::env::var_os("PATH")?).collect();
    names
        .iter()
        .flat_map(|name| folders.iter().map(move |folder| folder.join(name)))
        .find(|path| path.is_file())
}

/// What `script` (the body of an async function) returns on the page; `None` without a browser.
fn ask(page: &str, width: u32, script: &str) -> Option<Value> {
    let Some(browser) = browser() else {
        println!("skipped: no Chromium on the path");
        return None;
    };
    let place = tempfile::tempdir().unwrap();
    let tail = format!(
        "<script>(async () => {{ let answer; try {{ answer = await (async () => {{ {script} }})(); }} \
         catch (error) {{ answer = {{ error: String(error) }}; }} \
         document.body.dataset.answer = Array.from(new TextEncoder().encode(JSON.stringify(answer)), \
         (byte) => byte.toString(16).padStart(2, \"0\")).join(\"\"); }})();</script></body>"
    );
    let file = place.path().join("page.html");
    std::fs::write(&file, page.replace("</body>", &tail)).unwrap();
    let run = Command::new(browser)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=4000", "--dump-dom"])
        .arg(format!("--window-size={width},900"))
        .arg(format!("--user-data-dir={}", place.path().join("profile").display()))
        .arg(format!("file://{}", file.display()))
        .output()
        .unwrap();
    let dom = String::from_utf8_lossy(&run.stdout).into_owned();
    let Some((_, after)) = dom.split_once("data-answer=\"") else {
        println!("skipped: the browser gave no page: {}", String::from_utf8_lossy(&run.stderr));
        return None;
    };
    let digits = after.split('"').next().unwrap().as_bytes();
    let hex = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    let bytes: Vec<u8> = digits.chunks(2).map(hex).collect();
    Some(serde_json::from_slice(&bytes).unwrap())
}

#[test]
fn the_theme_button_turns_the_page_over_and_back() {
    let page = render(&wholesaler::presentation(6)).unwrap();
    let script = "
        const ground = () => getComputedStyle(document.body).backgroundColor;
        const button = document.querySelector('[data-tools] button');
        const seen = [[ground(), button.textContent]];
        for (let i = 0; i < 2; i++) { button.click(); seen.push([ground(), button.textContent]); }
        return seen;";
    let Some(seen) = ask(&page, 1200, script) else { return };
    let at = |i: usize, j: usize| seen[i][j].as_str().unwrap_or_else(|| panic!("{seen}")).to_owned();
    assert_eq!((at(0, 1).as_str(), at(1, 1).as_str()), ("Dark page", "Light page"));
    assert_ne!(at(0, 0), at(1, 0));
    assert_eq!(seen[0], seen[2]);
}

#[test]
fn tables_are_searched_sorted_and_downloaded() {
    let page = render(&wholesaler::presentation(20)).unwrap();
    let script = "
        let blob = null, name = null;
        URL.createObjectURL = (made) => { blob = made; return 'blob:kept'; };
        HTMLAnchorElement.prototype.click = function () { name = this.download; };
        const host = [...document.querySelectorAll('[data-table]')].find((host) => host.querySelector('tr.group'));
        const labelled = (text) => [...host.querySelectorAll('button')].find((button) => button.textContent === text);
        labelled('Download CSV').click();
        const all = await blob.text();
        const search = host.querySelector('input[type=search]');
        const wanted = all.split('\\n')[1].split(',')[0];
        search.value = wanted;
        search.dispatchEvent(new Event('input'));
        labelled('Download CSV').click();
        const found = await blob.text();
        search.value = '';
        search.dispatchEvent(new Event('input'));
        labelled('Subtotals').click();
        const head = [...host.querySelectorAll('thead th')];
        const at = head.findIndex((cell) => cell.textContent.includes('quantity'));
        head[at].querySelector('button').click();
        const cells = [...host.querySelectorAll('tbody tr:not(.total)')].map((row) => row.children[at].textContent);
        return { name, all, found, wanted, cells, sort: host.querySelectorAll('thead th')[at].getAttribute('aria-sort') };";
    let Some(seen) = ask(&page, 1200, script) else { return };
    let text = |key: &str| seen[key].as_str().unwrap_or_else(|| panic!("{key}: {seen}")).to_owned();
    assert_eq!(text("name"), "orders.csv");
    let (all, found) = (text("all"), text("found"));
    assert!(all.lines().count() > found.lines().count() && found.lines().count() > 1, "{seen}");
    assert!(found.lines().skip(1).all(|line| line.contains(&text("wanted"))), "{found}");
    assert_eq!(all.lines().next(), found.lines().next());
    let numbers: Vec<f64> = seen["cells"]
        .as_array()
        .unwrap()
        .iter()
        .map(|cell| cell.as_str().unwrap().replace(',', "").parse().unwrap())
        .collect();
    assert!(numbers.len() > 3 && numbers.is_sorted(), "{numbers:?}");
    assert_eq!(text("sort"), "ascending");
}

#[test]
fn paper_gets_open_groups_and_heads_on_every_page() {
    let page = render(&wholesaler::presentation(120)).unwrap();
    let script = "
        const host = [...document.querySelectorAll('[data-table]')].find((host) => host.querySelector('tr.group'));
        const closed = () => host.querySelectorAll('tr.group button[aria-expanded=false]').length;
        const rows = () => host.querySelectorAll('tbody tr:not(.group):not(.total):not(.rest)').length;
        const before = [closed(), rows()];
        dispatchEvent(new Event('beforeprint'));
        const printed = [closed(), rows()];
        dispatchEvent(new Event('afterprint'));
        const print = [...document.styleSheets].flatMap((sheet) => [...sheet.cssRules])
            .find((rule) => rule.media && rule.media.mediaText === 'print');
        const repeats = [...print.cssRules].some((rule) =>
            rule.selectorText === 'thead' && rule.style.display === 'table-header-group');
        return { before, printed, after: [closed(), rows()], repeats };";
    let Some(seen) = ask(&page, 1200, script) else { return };
    assert_eq!(seen["repeats"], true, "{seen}");
    assert!(seen["printed"][1].as_u64() > seen["before"][1].as_u64(), "{seen}");
    assert_eq!(seen["before"], seen["after"], "{seen}");
}

#[test]
fn nothing_hangs_over_the_edge_of_a_phone() {
    for (name, told) in [("wholesaler", wholesaler::presentation(20)), ("nasty", nasty::presentation())] {
        // A window has a least width, so the page is looked at in a frame as wide as a phone.
        let frame = "
            const frame = document.createElement('iframe');
            frame.style.width = '390px';
            frame.style.border = '0';
            const kept = [...document.querySelectorAll('body > script:not([type])')].at(-1);
            kept.remove();
            const page = '<!DOCTYPE html>' + document.documentElement.outerHTML;
            document.body.replaceChildren(frame);
            await new Promise((done) => { frame.onload = done; frame.srcdoc = page; });
            const inside = frame.contentDocument.documentElement;
            return { width: frame.contentWindow.innerWidth, over: inside.scrollWidth - inside.clientWidth };";
        let Some(seen) = ask(&render(&told).unwrap(), 800, frame) else { return };
        assert_eq!(seen, json!({ "width": 390, "over": 0 }), "{name}");
    }
}
