//! Plots: an SVG picture with a panel for each service, because each has a scale of its own.

use std::fmt::Display;
use std::ops::Range;

use chrono::{DateTime, Datelike as _, Months, NaiveTime, Timelike as _, Utc};
use plotters::coord::Shift;
use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged, ValueFormatter};
use plotters::prelude::*;
use tagoio::profile::Periodicity;

use super::series::{Kind, Sample, Series, short};
use crate::failure::{Failure, Result};

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

const PANEL: (u32, u32) = (560, 230);
const HEADER: u32 = 64;
const MARGIN: i32 = 16;
const FONT: &str = "sans-serif";
const INK: RGBColor = RGBColor(0x1f, 0x29, 0x33);
const PALE: RGBColor = RGBColor(0x6b, 0x76, 0x80);
const GRID: RGBColor = RGBColor(0xe3, 0xe7, 0xea);

impl Kind {
    fn colour(self) -> RGBColor {
        match self {
            Self::PerPeriod | Self::SoFar => RGBColor(0x1f, 0x6f, 0xb4),
            Self::Level => RGBColor(0x1b, 0x8a, 0x5a),
        }
    }
}

/// A picture of all series, as SVG.
pub(super) fn draw(series: &[Series]) -> Result<String> {
    let columns = if series.len() > 1 { 2 } else { 1 };
    let rows = series.len().div_ceil(columns);
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    let size = (PANEL.0 * count(columns), HEADER + PANEL.1.saturating_mul(count(rows)));
    let mut svg = String::new();
    let area = SVGBackend::with_string(&mut svg, size).into_drawing_area();
    area.fill(&WHITE).map_err(unplotted)?;
    let (header, body) = area.split_vertically(HEADER);
    head(&header, series)?;
    for (panel, series) in body.split_evenly((rows, columns)).iter().zip(series) {
        plot(panel, series)?;
    }
    area.present().map_err(unplotted)?;
    // They borrow the text.
    drop((area, header, body));
    Ok(svg)
}

fn unplotted(error: impl Display) -> Failure {
    Failure::write("the plot", std::io::Error::other(error.to_string()))
}

/// What the picture is of, and what its colours mean.
fn head(area: &Area<'_>, series: &[Series]) -> Result<()> {
    let times = || series.iter().flat_map(|series| series.samples.iter().map(|sample| sample.time));
    let mut title = "TagoIO usage".to_owned();
    if let (Some(first), Some(last)) = (times().min(), times().max()) {
        let text = |time: DateTime<Utc>| time.format("%Y-%m-%d %H:%M").to_string();
        title = format!("{title}, {} to {} UTC", text(first), text(last));
    }
    let style = |size: i32, colour: RGBColor| (FONT, size).into_font().color(&colour);
    area.draw(&Text::new(title, (MARGIN, 14), style(20, INK))).map_err(unplotted)?;
    let mut left = MARGIN;
    for (kind, text) in [
        (Kind::PerPeriod, "used in each period"),
        (Kind::SoFar, "used since the month began"),
        (Kind::Level, "what there was"),
    ] {
        if series.iter().any(|series| series.kind == kind) {
            let sign = Rectangle::new([(left, 43), (left + 10, 53)], kind.colour().filled());
            area.draw(&sign).map_err(unplotted)?;
            area.draw(&Text::new(text, (left + 16, 42), style(15, PALE))).map_err(unplotted)?;
            left += 220;
        }
    }
    Ok(())
}

fn plot(panel: &Area<'_>, series: &Series) -> Result<()> {
    let title = format!("{}: {}", series.service, series.unit());
    panel.draw(&Text::new(title, (MARGIN, 6), (FONT, 16).into_font().color(&INK))).map_err(unplotted)?;
    let bars: Vec<Bar> = series.samples.iter().filter_map(|sample| Bar::of(series, sample)).collect();
    let highest = bars.iter().map(|bar| bar.value).fold(0.0, f64::max).clamp(LEAST, MOST);
    let begins = bars.iter().map(|bar| if series.kind == Kind::PerPeriod { bar.from } else { bar.until }).min();
    let ends = bars.iter().map(|bar| bar.until).max();
    let (Some(begins), Some(ends)) = (begins, ends) else { return Ok(()) };
    let time = TimeAxis::new(begins..ends.max(begins.saturating_add(1)));
    let mut chart = ChartBuilder::on(panel)
        .margin(MARGIN)
        .margin_top(32)
        .set_label_area_size(LabelAreaPosition::Left, 52)
        .set_label_area_size(LabelAreaPosition::Bottom, 26)
        .build_cartesian_2d(time, 0.0..highest * 1.05)
        .map_err(unplotted)?;
    chart
        .configure_mesh()
        .disable_x_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(GRID)
        .axis_style(PALE)
        .y_labels(5)
        .y_label_formatter(&|value| short(*value))
        .label_style((FONT, 14).into_font().color(&PALE))
        .draw()
        .map_err(unplotted)?;
    let colour = series.kind.colour();
    if series.kind == Kind::PerPeriod {
        let shape = |bar: &Bar| {
            // A gap keeps bars apart.
            let gap = (bar.until - bar.from) / 8;
            Rectangle::new([(bar.from.saturating_add(gap), 0.0), (bar.until, bar.value)], colour.filled())
        };
        chart.draw_series(bars.iter().map(shape)).map_err(unplotted)?;
        return Ok(());
    }
    let line = bars.iter().map(|bar| (bar.until, bar.value));
    chart.draw_series(LineSeries::new(line, colour.stroke_width(2))).map_err(unplotted)?;
    if let [only] = bars.as_slice() {
        // A line of one point can't be seen.
        let dot = Circle::new((only.until, only.value), 3, colour.filled());
        chart.draw_series([dot]).map_err(unplotted)?;
    }
    Ok(())
}

/// Scales that a picture can have: between nothing at all and more than there is.
const LEAST: f64 = 1e-6;
const MOST: f64 = 1e300;

/// A value and its period, in seconds.
struct Bar {
    from: i64,
    until: i64,
    value: f64,
}

impl Bar {
    fn of(series: &Series, sample: &Sample) -> Option<Self> {
        let length = match series.period {
            Periodicity::Hour => 3600,
            Periodicity::Day => 86_400,
            _ => 28 * 86_400,
        };
        let until = sample.time.timestamp();
        let earliest = until.saturating_sub(length);
        let from = sample.since.map_or(earliest, |since| since.timestamp().max(earliest));
        Some(Self { from, until, value: sample.value?.clamp(0.0, MOST) })
    }
}

/// Time, with labels at full hours, days or months.
struct TimeAxis {
    range: Range<i64>,
    labels: Vec<(i64, String)>,
}

impl TimeAxis {
    fn new(range: Range<i64>) -> Self {
        let labels = ticks(&range).into_iter().map(|(time, form)| (time.timestamp(), time.format(form).to_string()));
        let labels = labels.collect();
        Self { range, labels }
    }
}

/// As many moments as have room, and how to write them.
fn ticks(range: &Range<i64>) -> Vec<(DateTime<Utc>, &'static str)> {
    const MOST: i64 = 7;
    const HOURS: [i64; 9] = [1, 2, 3, 6, 12, 24, 2 * 24, 4 * 24, 7 * 24];
    let span = range.end.saturating_sub(range.start);
    let moment = |seconds: i64| DateTime::from_timestamp(seconds, 0);
    if let Some(step) = HOURS.iter().map(|hours| hours * 3600).find(|step| span / step < MOST) {
        let first = range.start.div_euclid(step).saturating_add(1).saturating_mul(step);
        let times = (0..=MOST).map(|at| first.saturating_add(at * step)).take_while(|time| range.contains(time));
        let form = |time: &DateTime<Utc>| if step < 86_400 && time.hour() > 0 { "%H:%M" } else { "%d %b" };
        return times.filter_map(moment).map(|time| (time, form(&time))).collect();
    }
    let (Some(start), Some(end)) = (moment(range.start), moment(range.end)) else { return Vec::new() };
    let months = |date: DateTime<Utc>| i64::from(date.year()) * 12 + i64::from(date.month0());
    let span = months(end) - months(start);
    let step = [1, 2, 3, 6, 12].into_iter().find(|step| span / step < MOST);
    let step = step.unwrap_or((span / MOST / 12 + 1) * 12);
    let first = start.date_naive().with_day(1).map(|day| day.and_time(NaiveTime::MIN).and_utc());
    let later = |at: i64| first?.checked_add_months(Months::new(u32::try_from(at * step).ok()?));
    let times = (0..=MOST).filter_map(later).filter(|time| range.contains(&time.timestamp()));
    times.map(|time| (time, "%b %Y")).collect()
}

impl Ranged for TimeAxis {
    type FormatOption = NoDefaultFormatting;
    type ValueType = i64;

    fn map(&self, value: &i64, (begin, end): (i32, i32)) -> i32 {
        #[expect(clippy::cast_precision_loss, reason = "a pixel is coarser")]
        let share = value.saturating_sub(self.range.start) as f64
            / self.range.end.saturating_sub(self.range.start).max(1) as f64;
        #[expect(clippy::cast_possible_truncation, reason = "it is between two that fit")]
        let offset = (share.clamp(0.0, 1.0) * f64::from(end - begin)).round() as i32;
        begin + offset
    }

    fn key_points<Hint: KeyPointHint>(&self, _hint: Hint) -> Vec<i64> {
        self.labels.iter().map(|(time, _)| *time).collect()
    }

    fn range(&self) -> Range<i64> {
        self.range.clone()
    }
}

impl ValueFormatter<i64> for TimeAxis {
    fn format_ext(&self, value: &i64) -> String {
        self.labels.iter().find(|(time, _)| time == value).map(|(_, label)| label.clone()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use tagoio::profile::Service;

    use super::*;

    fn seconds(text: &str) -> i64 {
        text.parse::<DateTime<Utc>>().unwrap().timestamp()
    }

    #[test]
    fn time_is_marked_where_people_look_for_it() {
        for (from, to, marks) in [
            ("2026-01-31T00:01:36Z", "2026-01-31T05:01:36Z", "01:00 02:00 03:00 04:00 05:00"),
            ("2026-01-30T23:01:36Z", "2026-01-31T23:01:36Z", "31 Jan, 06:00 12:00 18:00"),
            ("2026-01-01T23:01:36Z", "2026-01-31T11:01:36Z", "08 Jan, 15 Jan, 22 Jan, 29 Jan"),
            ("2025-11-20T00:00:00Z", "2026-03-02T00:00:00Z", "Dec 2025, Jan 2026, Feb 2026, Mar 2026"),
            ("2021-06-30T00:00:00Z", "2026-01-31T00:00:00Z", "Jun 2022, Jun 2023, Jun 2024, Jun 2025"),
        ] {
            let axis = TimeAxis::new(seconds(from)..seconds(to) + 1);
            let labels: Vec<&str> = axis.labels.iter().map(|(_, label)| label.as_str()).collect();
            assert_eq!(labels.join(" "), marks.replace(',', ""), "{from} {to}");
        }
    }

    #[test]
    fn whatever_the_values_are_there_is_a_picture_with_all_services() {
        let times = ["0000-01-01T00:00:00Z", "2026-01-31T11:01:36Z", "2026-01-31T11:01:36Z", "9999-12-31T23:59:59Z"];
        let limits = [DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC];
        let times = times.map(|time| time.parse().unwrap()).into_iter().chain(limits);
        let times: Vec<DateTime<Utc>> = times.collect();
        for values in [
            [Some(0.0); 6],
            [None, Some(1.0), None, Some(2.0), None, None],
            [Some(f64::MAX), Some(-5.0), Some(f64::MIN_POSITIVE), Some(1e300), Some(f64::MAX), None],
            [None; 6],
        ] {
            for last in 0..times.len() {
                for kind in [Kind::PerPeriod, Kind::SoFar, Kind::Level] {
                    let sample = |(time, value): (&DateTime<Utc>, &Option<f64>)| Sample {
                        since: Some(*time),
                        time: *time,
                        value: *value,
                    };
                    let series: Vec<Series> = [Service::Input, Service::FileStorage]
                        .iter()
                        .map(|service| Series {
                            service: Service::KNOWN.iter().find(|known| *known == service).unwrap(),
                            kind,
                            period: Periodicity::Day,
                            samples: times.iter().zip(&values).take(last + 1).map(sample).collect(),
                        })
                        .collect();
                    let svg = draw(&series).unwrap();
                    assert!(svg.starts_with("<svg ") && svg.trim_end().ends_with("</svg>"), "{svg}");
                    for title in ["input: registers", "file_storage: MB"] {
                        assert!(svg.contains(title), "{svg}");
                    }
                    assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
                }
            }
        }
    }
}
