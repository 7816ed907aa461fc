//! Charts for the terminal: upright bars of block characters.

use std::fmt::Write as _;

use chrono::{DateTime, Utc};
use console::style;
use tagoio::profile::Periodicity;

use super::series::{Kind, Sample, Series, short};

/// The lines of a chart, without its axis.
const HEIGHT: usize = 6;
/// How high a bar is within a line, in eighths.
const BLOCKS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
/// Bars that are wider say no more.
const WIDEST: usize = 6;
/// The columns of the labels beside the axis: as many in each chart, so that they stand below one another.
const MARGIN: usize = 8;
/// Fewer columns than this have no room for anything.
const NARROWEST: usize = 20;

/// Some values that share one bar.
struct Bar {
    time: DateTime<Utc>,
    value: Option<f64>,
}

/// A chart of no more than so many columns.
pub(super) fn draw(series: &Series, width: usize) -> String {
    let room = width.max(NARROWEST) - MARGIN - 2;
    let values_per_bar = values_per_bar(series, room);
    let bars = bars(series, values_per_bar);
    let highest = bars.iter().filter_map(|bar| bar.value).fold(0.0, f64::max);
    let bar_width = (room / bars.len().max(1)).clamp(1, WIDEST);

    let mut text = format!("{}: {}, {}", style(series.service).bold(), series.unit(), series.extent());
    if values_per_bar > 1 {
        let value = if series.kind == Kind::PerPeriod { "mean" } else { "last" };
        let _ = write!(text, " (a bar is the {value} of {values_per_bar} {}s)", series.period);
    }
    text.push('\n');
    for line in (0..HEIGHT).rev() {
        let label = if line + 1 == HEIGHT { short(highest) } else { String::new() };
        let axis = if label.is_empty() { '│' } else { '┤' };
        let blocks: String = bars.iter().map(|bar| block(bar, highest, line, bar_width)).collect();
        let _ = writeln!(text, "{label:>MARGIN$} {axis}{}", blocks.trim_end());
    }
    let (ticks, labels) = time_axis(series, &bars, bar_width);
    text + &format!("{:>MARGIN$} ┼{ticks}\n{:MARGIN$}  {labels}\n", 0, "")
}

/// How many values share a bar, so that all have room. Hours share it so that each day looks the same.
fn values_per_bar(series: &Series, room: usize) -> usize {
    const PARTS_OF_A_DAY: [usize; 8] = [1, 2, 3, 4, 6, 8, 12, 24];
    let least = series.samples.len().div_ceil(room).max(1);
    if series.period != Periodicity::Hour {
        return least;
    }
    let part = PARTS_OF_A_DAY.into_iter().find(|part| *part >= least);
    part.unwrap_or_else(|| least.next_multiple_of(24))
}

/// Bars of so many values each: of amounts their mean, so that the unit stays; of all others the last one.
fn bars(series: &Series, values_per_bar: usize) -> Vec<Bar> {
    let bar = |samples: &[Sample]| {
        let values: Vec<f64> = samples.iter().filter_map(|sample| sample.value).collect();
        #[expect(clippy::cast_precision_loss, reason = "values are few")]
        let value = match series.kind {
            Kind::PerPeriod => (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64),
            Kind::SoFar | Kind::Level => values.last().copied(),
        };
        Some(Bar { time: samples.first()?.time, value })
    };
    series.samples.chunks(values_per_bar).filter_map(bar).collect()
}

/// The part of a bar that is in a line.
fn block(bar: &Bar, highest: f64, line: usize, width: usize) -> String {
    let filled = eighths(bar.value.unwrap_or_default(), highest).saturating_sub(line * 8).min(8);
    let block = BLOCKS.get(filled).copied().unwrap_or(' ');
    // Where there is room, a gap keeps bars apart.
    let gap = usize::from(width > 1);
    [vec![block; width - gap], vec![' '; gap]].concat().into_iter().collect()
}

/// The height of a bar; what is more than nothing is seen.
fn eighths(value: f64, highest: f64) -> usize {
    const HIGHEST: usize = HEIGHT * 8;
    let share = value / highest;
    if share.is_nan() || share <= 0.0 {
        return 0;
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "it is between 0 and the height"
    )]
    let height = (share.min(1.0) * HIGHEST as f64).round() as usize;
    height.max(1)
}

/// The axis with a mark at each label, and the labels below: where time changes enough to be another one, and where
/// there is room.
fn time_axis(series: &Series, bars: &[Bar], bar_width: usize) -> (String, String) {
    let mut ticks = vec!['─'; bars.len() * bar_width];
    let mut labels = String::new();
    let (mut columns, mut before) = (0, String::new());
    for (at, bar) in bars.iter().enumerate() {
        let label = series.label(bar.time);
        let column = at * bar_width;
        let end = column + label.len();
        let is_new = label != before;
        before.clone_from(&label);
        // The first one stands there in any case; the others are neither cut off nor crowded.
        if at > 0 && (!is_new || column < columns + 2 || end > ticks.len()) {
            continue;
        }
        if let Some(tick) = ticks.get_mut(column) {
            *tick = '┬';
        }
        labels.extend(std::iter::repeat_n(' ', column - columns));
        labels += &label;
        columns = end;
    }
    (ticks.into_iter().collect(), labels)
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use tagoio::profile::Service;

    use super::*;

    fn chart(kind: Kind, period: Periodicity, step: TimeDelta, values: &[Option<f64>], width: usize) -> String {
        let start: DateTime<Utc> = "2026-01-01T00:01:36Z".parse().unwrap();
        let times = (0..).map(|at| start + step * at);
        let samples = times.zip(values).map(|(time, value)| Sample { since: None, time, value: *value }).collect();
        let series = Series { service: &Service::Input, kind, period, samples };
        console::strip_ansi_codes(&draw(&series, width)).into_owned()
    }

    #[test]
    fn a_bar_is_as_high_as_its_value_and_what_is_little_is_seen() {
        let values = [None, Some(0.0), Some(1.0), Some(250.0), Some(500.0), Some(1000.0)];
        let text = chart(Kind::PerPeriod, Periodicity::Day, TimeDelta::days(1), &values, 40);
        let lines = [
            "input: registers per day, 0 to 1000, 1751 in all",
            "      1k ┤                         ████",
            "         │                         ████",
            "         │                         ████",
            "         │                    ████ ████",
            "         │               ▄▄▄▄ ████ ████",
            "         │          ▁▁▁▁ ████ ████ ████",
            "       0 ┼┬─────────┬─────────┬─────────",
            "          01 Jan    03 Jan    05 Jan",
        ];
        assert_eq!(text.lines().collect::<Vec<_>>(), lines, "{text}");
    }

    #[test]
    fn values_that_have_no_bar_of_their_own_share_one() {
        let values: Vec<Option<f64>> = (0..96).map(|hour| Some(f64::from(hour % 24))).collect();
        let text = chart(Kind::PerPeriod, Periodicity::Hour, TimeDelta::hours(1), &values, 60);
        let lines = [
            "input: registers per hour, 0 to 23, 1104 in all (a bar is the mean of 2 hours)",
            "    22.5 ┤          ▄█          ▄█          ▄█          ▄█",
            "         │        ▃▇██        ▃▇██        ▃▇██        ▃▇██",
            "         │      ▃▇████      ▃▇████      ▃▇████      ▃▇████",
            "         │    ▂▆██████    ▂▆██████    ▂▆██████    ▂▆██████",
            "         │  ▂▆████████  ▂▆████████  ▂▆████████  ▂▆████████",
            "         │▁▅██████████▁▅██████████▁▅██████████▁▅██████████",
            "       0 ┼┬───────────┬───────────┬───────────┬───────────",
            "          01 Jan      02 Jan      03 Jan      04 Jan",
        ];
        assert_eq!(text.lines().collect::<Vec<_>>(), lines, "{text}");
        let text = chart(Kind::Level, Periodicity::Hour, TimeDelta::hours(1), &values, 60);
        let summary = "input: registers, 0 to 23 (a bar is the last of 2 hours)\n      23 ┤";
        assert!(text.starts_with(summary), "{text}");
    }

    #[test]
    fn whatever_the_values_are_a_chart_has_its_height_and_no_more_than_its_width() {
        for values in [
            vec![],
            vec![None],
            vec![Some(0.0); 3],
            vec![Some(-5.0), Some(f64::MAX), Some(f64::MAX), Some(f64::MIN_POSITIVE)],
            vec![Some(7.0); 1000],
        ] {
            for width in [0, 1, 20, 79, 80, 500] {
                for kind in [Kind::PerPeriod, Kind::SoFar, Kind::Level] {
                    let text = chart(kind, Periodicity::Hour, TimeDelta::hours(1), &values, width);
                    let drawn: Vec<&str> = text.lines().skip(1).collect();
                    assert_eq!(drawn.len(), HEIGHT + 2, "{text}");
                    let widest = drawn.iter().map(|line| line.chars().count()).max();
                    assert!(widest <= Some(width.max(NARROWEST)), "{width} {text}");
                }
            }
        }
    }
}
