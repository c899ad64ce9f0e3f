//! Progress on stderr: a bar for a person, JSON lines for a program.

use std::io::{IsTerminal, Write, stderr};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::json;

use purvey::control::{Control, Progress};

use super::options::{ProgressKind, Talk};

/// The same control, told to show its progress as `talk` asks.
pub fn attach(control: Control, talk: &Talk) -> Control {
    match kind(talk) {
        ProgressKind::Bar => with_bar(control),
        ProgressKind::Json => control.with_progress(print_json),
        ProgressKind::None | ProgressKind::Auto => control,
    }
}

fn kind(talk: &Talk) -> ProgressKind {
    match talk.progress {
        ProgressKind::Auto if talk.quiet || !stderr().is_terminal() => ProgressKind::None,
        ProgressKind::Auto => ProgressKind::Bar,
        chosen => chosen,
    }
}

/// A bar that begins anew with each stage and shows objective and bound.
fn with_bar(control: Control) -> Control {
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(8));
    let stage = Mutex::new((String::new(), Instant::now()));
    control.with_progress(move |progress| {
        let Ok(mut stage) = stage.lock() else { return };
        if stage.0 != progress.stage {
            *stage = (progress.stage.to_owned(), Instant::now());
            bar.reset();
            bar.set_style(style(progress.total.is_some()));
            bar.set_prefix(progress.stage.to_owned());
        }
        match progress.total {
            Some(total) => {
                bar.set_length(total);
                bar.set_position(progress.done);
            }
            None if stage.1.elapsed() > Duration::from_millis(200) => bar.set_position(progress.done),
            None => {}
        }
        bar.set_message(quality(progress));
        if progress.total == Some(progress.done) {
            bar.finish_and_clear();
        }
    })
}

fn style(known_length: bool) -> ProgressStyle {
    let template = if known_length {
        "{prefix:>10} [{bar:30}] {pos}/{len} {elapsed} {msg}"
    } else {
        "{prefix:>10} {pos} {elapsed} {msg}"
    };
    ProgressStyle::with_template(template)
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .progress_chars("=> ")
}

fn quality(progress: &Progress<'_>) -> String {
    match (progress.incumbent, progress.bound) {
        (Some(incumbent), Some(bound)) => format!("best {incumbent:.0}, bound {bound:.0}"),
        (Some(incumbent), None) => format!("best {incumbent:.0}"),
        (None, Some(bound)) => format!("bound {bound:.0}"),
        (None, None) => String::new(),
    }
}

fn print_json(progress: &Progress<'_>) {
    let line = json!({
        "stage": progress.stage,
        "done": progress.done,
        "total": progress.total,
        "incumbent": progress.incumbent,
        "bound": progress.bound,
    });
    let _ = writeln!(stderr().lock(), "{line}");
}
