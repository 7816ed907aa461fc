//! `tagoctl profile usage`.

mod bars;
mod plot;
mod series;

use std::io::Write as _;
use std::path::Path;

use chrono::{DateTime, Datelike as _, Months, NaiveDate, Utc};
use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use console::Term;
use serde_json::{Map, Value, json};
use tagoio::profile::{Periodicity, Service, StatisticsDate};
use tagoio::{Client, Timestamp};

use super::Which;
use crate::connect::Context;
use crate::failure::{Failure, Result};
use crate::file;
use crate::output::{Columns, Format, note, print};
use crate::when::{When, check_range};
use series::{Kind, Sample, Series};

pub(super) const HELP: &str = "\
Examples:
  tagoctl profile usage --per-period --chart
  tagoctl profile usage --date 2026-01-31 --service input,output
  tagoctl profile usage --from 30d --period day --per-period --output csv
  tagoctl profile usage --period month --per-period --svg usage.svg

Without --from or --date it is this month by day, with --period hour today, and with --period month the last 12 months.
TagoIO counts what is used of most services from the beginning of each month on: a value is what was used until then.
With --per-period it is what was used in the hour, day or month that ends then. data_records, run_users, file_storage,
tcore and tcore_cluster are not counted: their values are what there is.
Times are those of TagoIO's points, in UTC. Services that weren't used are left out, unless --service names them.";

/// Months that are shown when nothing else is said.
const MONTHS: u32 = 12;
/// The columns of a chart where no terminal has a width.
const WIDTH: u16 = 80;

#[derive(Debug, Args)]
pub(crate) struct Usage {
    #[command(flatten)]
    which: Which,
    /// From this day or moment on: 2026-01-31, 2026-01-31T12:00:00Z, or 7d for seven days ago
    #[arg(long, value_name = "DATE")]
    from: Option<When>,
    /// Up to this day or moment; up to now when it isn't said
    #[arg(long, value_name = "DATE", requires = "from")]
    to: Option<When>,
    /// How far the points are apart [default: day]
    #[arg(long,
        value_parser = PossibleValuesParser::new(Periodicity::KNOWN.iter().map(Periodicity::as_str)).map(Periodicity::from))]
    period: Option<Periodicity>,
    /// The hours of one day
    #[arg(long, value_name = "DATE", conflicts_with_all = ["from", "to", "period"])]
    date: Option<When>,
    /// The time zone that days and months are of, such as America/New_York [default: UTC]
    #[arg(long, value_name = "TZ")]
    timezone: Option<String>,
    /// Only these services, in this order
    #[arg(long, value_delimiter = ',', value_name = "SERVICE,…",
        value_parser = PossibleValuesParser::new(Service::KNOWN.iter().map(Service::as_str)).map(Service::from))]
    service: Vec<Service>,
    /// What was used in each period, in place of what was used since the month began
    #[arg(long)]
    per_period: bool,
    /// Draw a chart of each service
    #[arg(long, conflicts_with = "svg")]
    chart: bool,
    /// Plot the services into an SVG file, or to standard output with `-`
    #[arg(long, value_name = "FILE|-")]
    svg: Option<String>,
}

/// The use of all services at one time.
struct Point {
    time: Timestamp,
    since: Option<Timestamp>,
    amounts: Vec<(&'static Service, f64)>,
}

impl Usage {
    pub(super) fn run(self, context: &Context<'_>) -> Result<()> {
        let query = self.query(Utc::now())?;
        let is_drawn = self.chart || self.svg.is_some();
        if is_drawn && !context.out.columns().is_empty() {
            return Err(Failure::usage("usage", "what is drawn has no columns").hint("--service says what is drawn"));
        }
        if self.chart && context.out.format() != Format::Table {
            return Err(Failure::usage("usage", "a chart is for people to read")
                .hint("leave out --chart to get the values, or --output to get the chart"));
        }
        context.out.chosen(&columns(&[]))?;
        let points = self.points(&context.client()?, &query)?;
        let services = self.services(&points, context.out.columns());
        if !is_drawn {
            return context.out.list(&columns(&services), points.iter().map(|point| point.row(&services)));
        }
        let period = self.period();
        let series: Vec<Series> =
            services.iter().filter_map(|service| self.series(service, &period, &points)).collect();
        match &self.svg {
            None if series.is_empty() => note("nothing found"),
            None => {
                let width = Term::stdout().size_checked().map_or(WIDTH, |(_, width)| width);
                let charts: Vec<String> = series.iter().map(|series| bars::draw(series, width.into())).collect();
                print(&charts.join("\n"))?;
            }
            Some(_) if series.is_empty() => return Err(Failure::not_found("there is nothing to be plotted")),
            Some(file) if file == "-" => print(&plot::draw(&series)?)?,
            Some(file) => {
                let plot = plot::draw(&series)?;
                file::replace(Path::new(file), |mut to| {
                    to.write_all(plot.as_bytes()).map_err(|error| Failure::write(file, error))
                })?;
                let count = series.len();
                let sentence = format!("{file}: {count} service{}", if count == 1 { "" } else { "s" });
                context.out.ack(&json!({"file": file, "services": count}), &sentence)?;
            }
        }
        Ok(())
    }

    fn period(&self) -> Periodicity {
        let default = if self.date.is_some() { Periodicity::Hour } else { Periodicity::Day };
        self.period.clone().unwrap_or(default)
    }

    /// What to ask for, at some time.
    fn query(&self, now: DateTime<Utc>) -> Result<StatisticsDate> {
        let query = match (&self.date, &self.from) {
            (Some(date), _) => StatisticsDate::day(date.day(now)),
            (None, Some(from)) => {
                check_range(from, self.to.as_ref(), now)?;
                let to = self.to.clone().unwrap_or(When::At(now));
                StatisticsDate::range(from.input(now), to.input(now), self.period())
            }
            (None, None) => StatisticsDate::range(first_day(&self.period(), now), now, self.period()),
        };
        Ok(match &self.timezone {
            Some(timezone) => query.timezone(timezone),
            None => query,
        })
    }

    fn points(&self, client: &Client, query: &StatisticsDate) -> Result<Vec<Point>> {
        let (profiles, id) = (client.profile(), &self.which.id);
        if self.per_period {
            let periods = profiles.usage(id, query)?;
            return Ok(periods
                .into_iter()
                .map(|period| Point {
                    amounts: amounts(|service| period.get(service)),
                    time: period.time,
                    since: period.since,
                })
                .collect());
        }
        let points = profiles.usage_statistics(id, query)?;
        Ok(points
            .into_iter()
            .map(|point| Point { amounts: amounts(|service| point.get(service)), time: point.time, since: None })
            .collect())
    }

    /// The services that are asked for, by name or as columns, or those that were used.
    fn services(&self, points: &[Point], columns: &[String]) -> Vec<&'static Service> {
        let known = Service::KNOWN.iter();
        if self.service.is_empty() {
            let is_used = |service: &Service| points.iter().any(|point| point.of(service).unwrap_or_default() != 0.0);
            let is_asked_for = |service: &Service| columns.iter().any(|column| column == service.as_str());
            return known.filter(|service| is_asked_for(service) || is_used(service)).collect();
        }
        let mut services: Vec<&Service> = Vec::new();
        for asked in &self.service {
            services.extend(known.clone().find(|service| *service == asked && !services.contains(service)));
        }
        services
    }

    /// What is drawn of a service; `None` when there is nothing.
    fn series(&self, service: &'static Service, period: &Periodicity, points: &[Point]) -> Option<Series> {
        let kind = match (service.is_counted(), self.per_period) {
            (false, _) => Kind::Level,
            (true, false) => Kind::SoFar,
            (true, true) => Kind::PerPeriod,
        };
        let sample = |point: &Point| {
            let value = point.of(service);
            Some(Sample {
                since: point.since.as_ref().and_then(Timestamp::utc),
                time: point.time.utc()?,
                // What isn't in a point was not used since the month began.
                value: if kind == Kind::SoFar { Some(value.unwrap_or_default()) } else { value },
            })
        };
        let mut samples: Vec<Sample> = points.iter().filter_map(sample).collect();
        samples.sort_by_key(|sample| sample.time);
        let is_known = samples.iter().any(|sample| sample.value.is_some());
        is_known.then(|| Series { service, kind, period: period.clone(), samples })
    }
}

/// Where a range begins when it isn't said.
fn first_day(period: &Periodicity, now: DateTime<Utc>) -> NaiveDate {
    let today = now.date_naive();
    let month = today.with_day(1).unwrap_or(today);
    match period {
        Periodicity::Hour => today,
        Periodicity::Month => month.checked_sub_months(Months::new(MONTHS - 1)).unwrap_or(month),
        _ => month,
    }
}

fn amounts(get: impl Fn(&Service) -> Option<f64>) -> Vec<(&'static Service, f64)> {
    Service::KNOWN.iter().filter_map(|service| Some((service, get(service)?))).collect()
}

/// All can be asked for, those that were not used too.
fn columns(services: &[&'static Service]) -> Columns {
    const OTHERS: [&str; 13] = [
        "since",
        "input",
        "output",
        "analysis",
        "data_records",
        "sms",
        "email",
        "run_users",
        "push_notification",
        "file_storage",
        "tcore",
        "tcore_cluster",
        "dashboard_output",
    ];
    let shown = ["time"].into_iter().chain(services.iter().map(|service| service.as_str())).collect();
    Columns::of(shown, &OTHERS)
}

impl Point {
    fn of(&self, service: &Service) -> Option<f64> {
        self.amounts.iter().find(|(known, _)| *known == service).map(|(_, amount)| *amount)
    }

    fn row(&self, services: &[&Service]) -> Value {
        let text = |time: &Timestamp| Value::String(time.to_string());
        let mut row = Map::new();
        row.insert("time".to_owned(), text(&self.time));
        row.extend(self.since.as_ref().map(|since| ("since".to_owned(), text(since))));
        let amounts = services.iter().filter_map(|service| Some((service.to_string(), json!(self.of(service)?))));
        row.extend(amounts);
        Value::Object(row)
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        usage: Usage,
    }

    fn query(line: &str) -> String {
        let line = Line::try_parse_from(["usage"].into_iter().chain(line.split_whitespace())).ok().unwrap();
        let query = line.usage.query("2026-01-31T12:00:00Z".parse().unwrap()).unwrap();
        serde_json::to_string(&query).unwrap()
    }

    #[test]
    fn what_is_not_said_is_the_time_up_to_now() {
        for (line, asked) in [
            ("", r#"{"start_date":"2026-01-01","end_date":"2026-01-31T12:00:00.000Z","periodicity":"day"}"#),
            (
                "--period hour",
                r#"{"start_date":"2026-01-31","end_date":"2026-01-31T12:00:00.000Z","periodicity":"hour"}"#,
            ),
            (
                "--period month",
                r#"{"start_date":"2025-02-01","end_date":"2026-01-31T12:00:00.000Z","periodicity":"month"}"#,
            ),
            (
                "--from 36h --to 2026-01-30",
                r#"{"start_date":"2026-01-30T00:00:00.000Z","end_date":"2026-01-30","periodicity":"day"}"#,
            ),
            ("--date 1d --timezone Asia/Tokyo", r#"{"timezone":"Asia/Tokyo","date":"2026-01-30"}"#),
        ] {
            assert_eq!(query(line), asked, "{line}");
        }
    }

    #[test]
    fn every_service_is_a_column() {
        let all: Vec<&Service> = Service::KNOWN.iter().collect();
        for service in &all {
            assert!(columns(&[]).knows(service.as_str()), "{service}");
        }
    }
}
