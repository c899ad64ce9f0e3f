//! Options that mean the same in every command.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};

use purvey::control::Control;

use super::exit::Failure;
use super::progress;

/// How progress is shown, always on stderr.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ProgressKind {
    /// A bar where stderr is a terminal, nothing elsewhere
    Auto,
    /// A bar
    Bar,
    /// One JSON document a line
    Json,
    /// Nothing
    None,
}

/// When text is coloured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// Where the stream is a terminal and NO_COLOR is not set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// How to talk.
#[derive(Debug, Clone, Args)]
pub struct Talk {
    /// Print one JSON document on stdout and nothing else there
    #[arg(long)]
    pub json: bool,
    /// How progress is shown on stderr
    #[arg(long, value_enum, default_value = "auto", value_name = "KIND")]
    pub progress: ProgressKind,
    /// Print nothing but errors and the JSON document
    #[arg(long)]
    pub quiet: bool,
}

impl Talk {
    /// Whether text for a person goes to stdout.
    pub fn tells(&self) -> bool {
        !self.json && !self.quiet
    }
}

/// How many threads to work with.
#[derive(Debug, Clone, Args)]
pub struct Threads {
    /// Worker threads, at most 256; 0: one for each core; never changes the result
    #[arg(long, default_value_t = 0, value_name = "N", value_parser = clap::value_parser!(u16).range(0..=256))]
    threads: u16,
}

impl Threads {
    /// A control of that many threads.
    pub fn control(&self) -> Control {
        Control::default().with_threads(usize::from(self.threads))
    }
}

/// How long and how well to solve.
#[derive(Debug, Clone, Args)]
pub struct Work {
    /// Stop after this time with the best plan so far (30s, 2m, 500ms)
    #[arg(long, value_parser = parse_duration, value_name = "TIME")]
    pub time_limit: Option<Duration>,
    /// Stop after this much of the solver's own work (nodes, rounds); reproducible
    #[arg(long, value_name = "N")]
    pub work_limit: Option<u64>,
    /// Relative gap that is good enough (0.01 is one percent)
    #[arg(long, value_parser = parse_gap, value_name = "GAP")]
    pub gap: Option<f64>,
    #[command(flatten)]
    pub threads: Threads,
    /// Seed of every random draw
    #[arg(long, default_value_t = 0, value_name = "N")]
    pub seed: u64,
}

impl Work {
    /// The control that these options ask for, with progress as `talk` says
    /// and Ctrl-C as a request to stop.
    pub fn control(&self, talk: &Talk) -> Result<Control, Failure> {
        let mut control = self.threads.control().with_seed(self.seed);
        control.limits.time = self.time_limit;
        control.limits.work = self.work_limit;
        if let Some(gap) = self.gap {
            control.limits.gap = gap;
        }
        listen_for_interrupt(&control)?;
        Ok(progress::attach(control, talk))
    }
}

/// The instance and changes to it.
#[derive(Debug, Clone, Args)]
pub struct Source {
    /// Instance folder, or a standard file (MPS, LP, VRPLIB or Solomon, also packed with gzip)
    #[arg(value_name = "PATH")]
    pub path: PathBuf,
    /// Change a setting for this run (may be given several times)
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub set: Vec<String>,
}

impl Source {
    /// Path and settings as they stand on a command line.
    pub fn as_typed(&self) -> String {
        let sets = self.set.iter().map(|set| format!(" --set {}", quoted(set)));
        quoted(&self.path.display().to_string()) + &sets.collect::<String>()
    }
}

/// How distances are rounded, where a plan is made or priced.
#[derive(Debug, Clone, Args)]
pub struct Rounding {
    /// Rounding of distances between coordinates, as --set round=RULE: auto, nearest, dimacs, exact
    #[arg(long, value_name = "RULE")]
    round: Option<String>,
}

impl Rounding {
    /// The source with this rounding set.
    pub fn of(&self, mut source: Source) -> Source {
        source.set.extend(self.round.iter().map(|rule| format!("round={rule}")));
        source
    }
}

/// A word for a shell: in quotes where it holds anything that a shell reads.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./=,:+@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

/// First Ctrl-C: stop at the best answer. Second: end at once.
fn listen_for_interrupt(control: &Control) -> Result<(), Failure> {
    let cancel = control.cancel.clone();
    ctrlc::set_handler(move || {
        if cancel.is_requested() {
            std::process::exit(i32::from(super::exit::INTERRUPTED));
        }
        cancel.request();
    })
    .map_err(|error| Failure::Internal(format!("cannot listen for Ctrl-C: {error}")))
}

fn parse_duration(text: &str) -> Result<Duration, String> {
    let text = text.trim();
    let split = text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let scale = match unit {
        "ms" => 1e-3,
        "" | "s" => 1.0,
        "m" | "min" => 60.0,
        "h" => 3600.0,
        _ => return Err(format!("`{unit}` is not a unit of time; write 500ms, 30s, 2m or 1h")),
    };
    let seconds: f64 =
        number.trim().parse().map_err(|_| format!("`{text}` is not a time; write 500ms, 30s, 2m or 1h"))?;
    Duration::try_from_secs_f64(seconds * scale)
        .map_err(|_| format!("`{text}` is not a time that can be waited for"))
}

fn parse_gap(text: &str) -> Result<f64, String> {
    match text.trim().parse::<f64>() {
        Ok(gap) if gap >= 0.0 && gap.is_finite() => Ok(gap),
        _ => Err(format!("`{text}` is not a gap; write a number of 0 or more, 0.01 for one percent")),
    }
}
