//! How a caller steers long work: limits, threads, seed, progress and cancellation.
//!
//! Every room may use this module; it knows none of them. Nothing here is
//! process-wide: two solves in one process with different controls do not
//! meet.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

/// When a solver may stop before it has proved its answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Limits {
    /// Wall-clock time for the solve, in whole or fractional seconds; `None`: no limit.
    pub time: Option<Duration>,
    /// Work in the solver's own unit (nodes, iterations), which makes a stop
    /// reproducible; `None`: no limit.
    pub work: Option<u64>,
    /// Relative gap between objective and bound at which the answer is good
    /// enough (0.01 is one percent). Range 0 and above.
    pub gap: f64,
}

impl Default for Limits {
    /// No time or work limit, and a gap of 0.1 %.
    fn default() -> Self {
        Limits { time: None, work: None, gap: 1e-3 }
    }
}

/// What a solver tells while it works.
#[derive(Debug, Clone, PartialEq)]
pub struct Progress<'a> {
    /// The stage in the user's words, for example `forecast` or `solve`.
    pub stage: &'a str,
    /// Units done so far (series, iterations, nodes).
    pub done: u64,
    /// Units in all, where that is known.
    pub total: Option<u64>,
    /// Objective of the best answer so far.
    pub incumbent: Option<f64>,
    /// Best proven bound so far.
    pub bound: Option<f64>,
}

type Listener = Arc<dyn Fn(&Progress<'_>) + Send + Sync>;

/// Limits, threads, seed, a progress listener and a cancel flag.
///
/// ```
/// use purvey::control::Control;
/// let control = Control::default().with_gap(0.01).with_seed(7);
/// assert_eq!(control.seed, 7);
/// control.cancel.request();
/// assert!(control.should_stop());
/// ```
#[derive(Clone, Default)]
pub struct Control {
    /// When to stop early.
    pub limits: Limits,
    /// Worker threads; 0 means one for each core. Never changes a result.
    pub threads: usize,
    /// Seed of every random draw.
    pub seed: u64,
    /// Set by another thread (or a signal handler) to stop at the best answer so far.
    pub cancel: Cancel,
    listener: Option<Listener>,
    deadline: Option<Instant>,
    /// Made when first needed; clones share it.
    pool: Arc<OnceLock<Option<rayon::ThreadPool>>>,
}

impl fmt::Debug for Control {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Control")
            .field("limits", &self.limits)
            .field("threads", &self.threads)
            .field("seed", &self.seed)
            .field("cancelled", &self.cancel.is_requested())
            .finish_non_exhaustive()
    }
}

impl Control {
    /// The same control with another relative gap.
    #[must_use]
    pub fn with_gap(mut self, gap: f64) -> Self {
        self.limits.gap = gap;
        self
    }

    /// The same control with a time limit.
    #[must_use]
    pub fn with_time(mut self, time: Duration) -> Self {
        self.limits.time = Some(time);
        self
    }

    /// The same control with a work limit.
    #[must_use]
    pub fn with_work(mut self, work: u64) -> Self {
        self.limits.work = Some(work);
        self
    }

    /// The same control with a number of threads (0: one for each core).
    #[must_use]
    pub fn with_threads(mut self, threads: usize) -> Self {
        if self.threads != threads {
            (self.threads, self.pool) = (threads, Arc::default());
        }
        self
    }

    /// The same control with another seed.
    #[must_use]
    pub fn with_seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// The same control that reports to `listener`, from any thread.
    #[must_use]
    pub fn with_progress(mut self, listener: impl Fn(&Progress<'_>) + Send + Sync + 'static) -> Self {
        self.listener = Some(Arc::new(listener));
        self
    }

    /// The same control without a listener, for work inside other work.
    #[must_use]
    pub fn silent(&self) -> Self {
        Control { listener: None, ..self.clone() }
    }

    /// The same control with its clock started: the time limit counts from now.
    ///
    /// A deadline that runs already stays, so nested calls share one limit.
    #[must_use]
    pub fn started(&self) -> Self {
        let mut started = self.clone();
        if started.deadline.is_none() {
            started.deadline = self.limits.time.and_then(|time| Instant::now().checked_add(time));
        }
        started
    }

    /// Time left until the limit; `None` where there is no limit.
    #[must_use]
    pub fn time_left(&self) -> Option<Duration> {
        self.deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()))
    }

    /// The same control for a first part of the work, which may take this share of the time left.
    #[must_use]
    pub fn for_share(&self, share: f64) -> Self {
        let mut part = self.clone();
        if let Some(left) = self.time_left() {
            part.deadline = Instant::now().checked_add(left.mul_f64(share.clamp(0.0, 1.0)));
        }
        part
    }

    /// Whether the work should end now: cancelled, or out of time.
    #[must_use]
    pub fn should_stop(&self) -> bool {
        self.cancel.is_requested() || self.time_left().is_some_and(|left| left.is_zero())
    }

    /// Tells the listener, if there is one.
    pub fn report(&self, progress: &Progress<'_>) {
        if let Some(listener) = &self.listener {
            listener(progress);
        }
    }

    /// Tells the listener that `done` of `total` units of `stage` are done.
    pub fn step(&self, stage: &str, done: usize, total: usize) {
        self.report(&Progress {
            stage,
            done: done as u64,
            total: Some(total as u64),
            incumbent: None,
            bound: None,
        });
    }

    /// Number of worker threads as a person counts them: never 0.
    #[must_use]
    pub fn worker_threads(&self) -> usize {
        match self.threads {
            0 => std::thread::available_parallelism().map_or(1, usize::from),
            threads => threads,
        }
    }

    /// Runs `work` on a pool of `threads` threads that this control and its clones share, so that
    /// nothing process-wide is touched; where it runs on such a pool already, there. Falls back to
    /// the caller's thread when the system gives no threads.
    pub fn install<R: Send>(&self, work: impl FnOnce() -> R + Send) -> R {
        let threads = self.worker_threads();
        if rayon::current_thread_index().is_some() && rayon::current_num_threads() == threads {
            return work();
        }
        let build = || rayon::ThreadPoolBuilder::new().num_threads(threads).build().ok();
        match self.pool.get_or_init(build) {
            Some(pool) if pool.current_num_threads() == threads => pool.install(work),
            // Another number of threads was asked for since.
            _ => match build() {
                Some(pool) => pool.install(work),
                None => work(),
            },
        }
    }
}

/// A flag that asks running work to stop; clones share it.
#[derive(Debug, Clone, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// Asks the work that holds a clone of this flag to stop.
    pub fn request(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether somebody asked for a stop.
    #[must_use]
    pub fn is_requested(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
