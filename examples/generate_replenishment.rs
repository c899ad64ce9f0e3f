//! Writes replenishment instances from a seed: the shipped ones, or one of any size.
//!
//! usage: `generate_replenishment --all FOLDER` writes the large instances that are not shipped;
//! `generate_replenishment NAME FOLDER` writes one of the list in `shops/mod.rs`;
//! `generate_replenishment --size PAIRS WEEKS FOLDER` writes a plain one of any size.

#![allow(clippy::print_stdout, clippy::print_stderr)]

mod shops;

use std::path::Path;

use shops::{Result, Spec, sized, specs, write};

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["--all", folder] => {
            for spec in specs().iter().filter(|spec| spec.large) {
                tell(spec, &Path::new(folder).join(spec.name))?;
            }
            Ok(())
        }
        ["--size", pairs, weeks, folder] => tell(&sized(pairs.parse()?, weeks.parse()?), Path::new(folder)),
        [name, folder] => {
            let spec =
                specs().into_iter().find(|spec| spec.name == *name).ok_or("no instance of that name")?;
            tell(&spec, Path::new(folder))
        }
        _ => {
            Err("usage: generate_replenishment --all FOLDER | NAME FOLDER | --size PAIRS WEEKS FOLDER".into())
        }
    }
}

fn tell(spec: &Spec, folder: &Path) -> Result<()> {
    let points = write(spec, folder)?;
    println!("{}: {points} stock points", folder.display());
    Ok(())
}
