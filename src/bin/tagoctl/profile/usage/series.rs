//! What is drawn: the use of one service over time.

use chrono::{DateTime, Utc};
use tagoio::profile::{Periodicity, Service};

/// The use of one service over time.
pub(super) struct Series {
    pub(super) service: &'static Service,
    pub(super) kind: Kind,
    pub(super) period: Periodicity,
    /// In the order of time.
    pub(super) samples: Vec<Sample>,
}

/// What the values are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// What was used in each period.
    PerPeriod,
    /// What was used since the month began.
    SoFar,
    /// What there is.
    Level,
}

/// One value.
pub(super) struct Sample {
    /// When the period began that ends with it, where that is known.
    pub(super) since: Option<DateTime<Utc>>,
    pub(super) time: DateTime<Utc>,
    pub(super) value: Option<f64>,
}

impl Series {
    /// What is counted, and over which time.
    pub(super) fn unit(&self) -> String {
        let unit = unit(self.service);
        match self.kind {
            Kind::PerPeriod => format!("{unit} per {}", self.period),
            Kind::SoFar => format!("{unit} since the month began"),
            Kind::Level => unit.to_owned(),
        }
    }

    /// The least and the most, and of amounts their sum.
    pub(super) fn extent(&self) -> String {
        let values = || self.samples.iter().filter_map(|sample| sample.value);
        let least = values().fold(f64::INFINITY, f64::min);
        let most = values().fold(f64::NEG_INFINITY, f64::max);
        if least > most {
            return "unknown".to_owned();
        }
        let mut text = number(least);
        if least < most {
            text = format!("{text} to {}", number(most));
        }
        if self.kind == Kind::PerPeriod && values().nth(1).is_some() {
            text = format!("{text}, {} in all", number(values().sum()));
        }
        text
    }

    /// The time of a value, as short as the periods allow.
    pub(super) fn label(&self, time: DateTime<Utc>) -> String {
        let (first, last) = (self.samples.first(), self.samples.last());
        let is_short = first.zip(last).is_some_and(|(first, last)| (last.time - first.time).num_hours() <= 48);
        let form = match self.period {
            Periodicity::Month => "%b %Y",
            Periodicity::Hour if is_short => "%H:%M",
            _ => "%d %b",
        };
        time.format(form).to_string()
    }
}

fn unit(service: &Service) -> &'static str {
    match service {
        Service::Input | Service::Output | Service::DataRecords | Service::DashboardOutput => "registers",
        Service::Analysis => "minutes",
        Service::Sms => "messages",
        Service::Email => "e-mails",
        Service::RunUsers => "users",
        Service::PushNotification => "notifications",
        Service::FileStorage => "MB",
        Service::Tcore => "TagoCores",
        Service::TcoreCluster => "clusters",
        _ => "units",
    }
}

/// To two decimal places, where that is precise enough and not too long.
pub(super) fn number(value: f64) -> String {
    const LONG: f64 = 1e12;
    const SHORT: f64 = 0.01;
    if value.fract() == 0.0 && value.abs() < LONG {
        return format!("{value:.0}");
    }
    if value.abs() < SHORT || value.abs() >= LONG {
        return format!("{value:.2e}");
    }
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Three digits or so, with `k`, `M`, `G` or `T` for thousands.
pub(super) fn short(value: f64) -> String {
    let units = [(1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")];
    match units.into_iter().find(|(size, _)| value.abs() >= *size) {
        Some((size, unit)) if value.abs() < 1e15 => number(value / size) + unit,
        _ => number(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(kind: Kind, values: &[Option<f64>]) -> Series {
        let time: DateTime<Utc> = "2026-01-01T23:01:36Z".parse().unwrap();
        let samples = values.iter().map(|value| Sample { since: None, time, value: *value }).collect();
        Series { service: &Service::Analysis, kind, period: Periodicity::Day, samples }
    }

    #[test]
    fn a_series_is_summed_up_in_words() {
        for (kind, values, unit, extent) in [
            (Kind::PerPeriod, vec![None, Some(2.0), Some(0.5)], "minutes per day", "0.5 to 2, 2.5 in all"),
            (Kind::PerPeriod, vec![Some(2.0)], "minutes per day", "2"),
            (Kind::PerPeriod, vec![Some(2.0), Some(2.0)], "minutes per day", "2, 4 in all"),
            (Kind::SoFar, vec![Some(2.0), Some(4.0)], "minutes since the month began", "2 to 4"),
            (Kind::Level, vec![None], "minutes", "unknown"),
            (Kind::Level, vec![], "minutes", "unknown"),
        ] {
            let series = series(kind, &values);
            assert_eq!((series.unit().as_str(), series.extent().as_str()), (unit, extent));
        }
    }

    #[test]
    fn numbers_are_short_and_as_precise_as_they_can_be() {
        for (value, text, few) in [
            (0.0, "0", "0"),
            (314_407.0, "314407", "314.41k"),
            (453.84, "453.84", "453.84"),
            (0.5, "0.5", "0.5"),
            (0.001, "1.00e-3", "1.00e-3"),
            (7_500_000.0, "7500000", "7.5M"),
            (1e300, "1.00e300", "1.00e300"),
            (-2500.0, "-2500", "-2.5k"),
        ] {
            assert_eq!((number(value).as_str(), short(value).as_str()), (text, few));
        }
    }
}
