//! Writes two reports to look at: a wholesaler with 600 stock points, and one
//! made of everything that could break a page.
//!
//! ```text
//! cargo run --release --example report_gallery -- target/gallery
//! ```
#![allow(clippy::print_stdout)]

use std::path::PathBuf;

mod nasty;
mod wholesaler;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = PathBuf::from(std::env::args().nth(1).unwrap_or_else(|| "target/gallery".to_owned()));
    std::fs::create_dir_all(&folder)?;
    for (name, presentation) in
        [("wholesaler", wholesaler::presentation(600)), ("nasty", nasty::presentation())]
    {
        let page = purvey::report::render(&presentation)?;
        let path = folder.join(format!("{name}.html"));
        std::fs::write(&path, &page)?;
        std::fs::write(folder.join(format!("{name}.json")), presentation.to_json()?)?;
        println!("{}: {} kB", path.display(), page.len() / 1000);
    }
    Ok(())
}
