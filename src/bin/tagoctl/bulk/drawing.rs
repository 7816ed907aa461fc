//! How far the work is: a bar on a terminal, else a line now and then.

use std::io::{self, IsTerminal as _};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Local, Utc};
use indicatif::{ProgressBar, ProgressStyle};
use tagoio::bulk::{Event, Progress, Wait};

use crate::output::tell;

/// How often a bar is drawn anew.
pub(super) const REDRAW: Duration = Duration::from_millis(200);
/// Without a terminal, a line comes this often at least …
const LONGEST_SILENCE: Duration = Duration::from_secs(10);
/// … and when this part of much work is done.
const PARTS: usize = 10;
/// What is called much.
const MUCH: usize = 1000;

pub(super) enum Drawing {
    /// With the time until which everything waits, though what is in flight may still come to its end.
    Bar(ProgressBar, Mutex<DateTime<Utc>>),
    Lines(Mutex<Said>),
    Nothing,
}

/// How far the work was when that was said last.
#[derive(Debug, Default)]
pub(super) struct Said {
    finished: usize,
    elapsed: Duration,
}

impl Said {
    /// Whether it is time to say it again.
    fn is_old(&self, progress: &Progress) -> bool {
        let finished = progress.finished();
        let part = if progress.total >= MUCH { progress.total / PARTS } else { usize::MAX };
        finished < progress.total
            && (progress.elapsed >= self.elapsed + LONGEST_SILENCE || finished >= self.finished.saturating_add(part))
    }
}

impl Drawing {
    pub(super) fn begin(total: usize, quiet: bool) -> Self {
        if quiet {
            return Self::Nothing;
        }
        if !io::stderr().is_terminal() {
            return Self::Lines(Mutex::default());
        }
        let bar = ProgressBar::new(total as u64);
        style_as_bar(&bar);
        // What comes in quick succession isn't drawn at once, and after the last of it nothing may come for a minute.
        bar.enable_steady_tick(REDRAW);
        Self::Bar(bar, Mutex::default())
    }

    /// The bar, to write above it.
    pub(super) fn bar(&self) -> Option<ProgressBar> {
        match self {
            Self::Bar(bar, _) => Some(bar.clone()),
            Self::Lines(_) | Self::Nothing => None,
        }
    }

    pub(super) fn tell(&self, event: &Event<'_>) {
        match (self, event) {
            (Self::Bar(bar, waits_until), Event::Finished { progress, .. }) => {
                bar.set_position(progress.finished() as u64);
                if *waits_until.lock().unwrap_or_else(PoisonError::into_inner) < Utc::now() {
                    bar.set_message(pace(progress));
                }
            }
            (Self::Bar(bar, waits_until), Event::Waiting { until, why, .. }) => {
                *waits_until.lock().unwrap_or_else(PoisonError::into_inner) = *until;
                bar.set_message(waiting(*why, *until));
            }
            (Self::Lines(said), Event::Finished { progress, .. }) => {
                let mut said = said.lock().unwrap_or_else(PoisonError::into_inner);
                if said.is_old(progress) {
                    *said = Said { finished: progress.finished(), elapsed: progress.elapsed };
                    tell(&format!("{} of {}, {}", progress.finished(), progress.total, pace(progress)));
                }
            }
            (Self::Lines(_), Event::Waiting { until, why: why @ Wait::RateLimit, .. }) => {
                tell(&waiting(*why, *until));
            }
            _ => {}
        }
    }

    pub(super) fn end(&self) {
        if let Self::Bar(bar, _) = self {
            bar.finish_and_clear();
        }
    }
}

pub(super) fn style_as_bar(bar: &ProgressBar) {
    // Were the template wrong, the bar would look like any other.
    if let Ok(style) = ProgressStyle::with_template("{bar:24} {pos}/{len} {wide_msg}") {
        bar.set_style(style.progress_chars("━╸─"));
    }
}

/// How fast the work goes, and what of it didn't.
fn pace(progress: &Progress) -> String {
    let mut parts = Vec::new();
    if let Some(rate) = progress.rate() {
        let rate = rate * 60.0;
        parts.push(if rate < 10.0 { format!("{rate:.1}/min") } else { format!("{rate:.0}/min") });
    }
    if let Some(left) = progress.time_left() {
        parts.push(format!("{} left", roughly(left)));
    }
    if let failed @ 1.. = progress.failed + progress.uncertain {
        parts.push(format!("{failed} failed"));
    }
    parts.join(", ")
}

fn roughly(duration: Duration) -> String {
    match duration.as_secs() {
        seconds @ 0..60 => format!("{seconds} s"),
        seconds @ 60..3600 => format!("{} min", seconds.div_ceil(60)),
        seconds => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
    }
}

fn waiting(why: Wait, until: DateTime<Utc>) -> String {
    let until = until.with_timezone(&Local).format("%H:%M:%S");
    match why {
        Wait::RateLimit => format!("waiting for the next minute, as TagoIO's rate limit wants, until {until}"),
        _ => format!("waiting to try again, until {until}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tagoio::bulk::Action;

    fn progress(total: usize, created: usize, failed: usize, seconds: u64) -> Progress {
        let mut progress = Progress::default();
        progress.done = [(Action::Created, created)].into();
        (progress.total, progress.failed, progress.elapsed) = (total, failed, Duration::from_secs(seconds));
        progress
    }

    #[test]
    fn the_pace_has_rate_time_left_and_failures() {
        for (progress, text) in [
            (progress(10, 0, 0, 0), ""),
            (progress(10, 0, 0, 5), "0.0/min"),
            (progress(100, 10, 0, 10), "60/min, 2 min left"),
            (progress(100, 90, 0, 10), "540/min, 1 s left"),
            (progress(10, 1, 0, 60), "1.0/min, 9 min left"),
            (progress(10_000, 99, 1, 60), "100/min, 1 h 39 min left, 1 failed"),
        ] {
            assert_eq!(pace(&progress), text);
        }
    }

    #[test]
    fn much_work_is_told_in_tenths_and_slow_work_every_ten_seconds() {
        let said = Said { finished: 100, elapsed: Duration::from_secs(5) };
        for (progress, is_old) in [
            (progress(1000, 199, 0, 14), false),
            (progress(1000, 199, 1, 5), true),
            (progress(1000, 101, 0, 15), true),
            (progress(900, 800, 0, 14), false),
            (progress(900, 800, 0, 15), true),
            (progress(900, 900, 0, 15), false),
        ] {
            assert_eq!(said.is_old(&progress), is_old, "{progress:?}");
        }
    }
}
