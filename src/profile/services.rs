use std::collections::BTreeMap;

use serde::{Deserialize, Serialize, Serializer};

use crate::macros::open_enum;
use crate::time::{DateInput, Timestamp};
use crate::wire::number;

open_enum! {
    /// A service that TagoIO counts and limits.
    ///
    /// ```
    /// use tagoio::profile::Service;
    ///
    /// assert!(Service::Input.is_counted());
    /// assert!(!Service::RunUsers.is_counted(), "it is a level");
    /// assert_eq!(Service::from("push_notification"), Service::PushNotification);
    /// ```
    #[doc(alias = "BillingService")]
    pub enum Service {
        /// Data sent to TagoIO, in registers. Counted.
        Input = "input",
        /// Data read from TagoIO, in registers. Counted.
        Output = "output",
        /// Run time of analyses, in minutes. Counted.
        Analysis = "analysis",
        /// Stored data, in registers. A level.
        DataRecords = "data_records",
        /// Text messages, for each recipient. Counted.
        Sms = "sms",
        /// E-mails, for each recipient. Counted.
        Email = "email",
        /// TagoRUN users. A level.
        RunUsers = "run_users",
        /// Push notifications. Counted.
        PushNotification = "push_notification",
        /// Stored files, in MB. A level.
        FileStorage = "file_storage",
        /// TagoCores.
        Tcore = "tcore",
        /// Clusters of TagoCores.
        TcoreCluster = "tcore_cluster",
        /// Data read by dashboards, in registers. Counted.
        DashboardOutput = "dashboard_output",
    }
}

impl Service {
    /// Whether TagoIO counts what is used of it, from 0 at the beginning of each month. The others are levels: what
    /// there is at a moment.
    pub fn is_counted(&self) -> bool {
        match self {
            Self::Input
            | Self::Output
            | Self::Analysis
            | Self::Sms
            | Self::Email
            | Self::PushNotification
            | Self::DashboardOutput => true,
            Self::DataRecords
            | Self::RunUsers
            | Self::FileStorage
            | Self::Tcore
            | Self::TcoreCluster
            | Self::Other(_) => false,
        }
    }
}

/// A structure with one number for each [`Service`]: the shape of limits, use and statistics.
macro_rules! per_service {
    (
        $(#[$meta:meta])*
        pub struct $name:ident { $($(#[$head_meta:meta])* pub $head:ident: $head_type:ty,)* }
    ) => {
        per_service! {
            $(#[$meta])*
            pub struct $name { $($(#[$head_meta])* pub $head: $head_type,)* }
            with {
                input: Input,
                output: Output,
                analysis: Analysis,
                data_records: DataRecords,
                sms: Sms,
                email: Email,
                run_users: RunUsers,
                push_notification: PushNotification,
                file_storage: FileStorage,
                tcore: Tcore,
                tcore_cluster: TcoreCluster,
                dashboard_output: DashboardOutput,
            }
        }
    };
    (
        $(#[$meta:meta])*
        pub struct $name:ident { $($(#[$head_meta:meta])* pub $head:ident: $head_type:ty,)* }
        with { $($field:ident: $service:ident,)+ }
    ) => {
        $(#[$meta])*
        #[non_exhaustive]
        pub struct $name {
            $($(#[$head_meta])* pub $head: $head_type,)*
            $(
                #[doc = concat!("See [`Service::", stringify!($service), "`].")]
                #[serde(default, skip_serializing_if = "Option::is_none")]
                pub $field: Option<f64>,
            )+
        }

        impl $name {
            /// The place of one service's number.
            #[allow(dead_code, reason = "most of them are only read")]
            pub(super) fn slot(&mut self, service: &Service) -> Option<&mut Option<f64>> {
                match service {
                    $(Service::$service => Some(&mut self.$field),)+
                    Service::Other(_) => None,
                }
            }

            /// The number of one service; `None` when TagoIO doesn't give it.
            pub fn get(&self, service: &Service) -> Option<f64> {
                match service {
                    $(Service::$service => self.$field,)+
                    Service::Other(_) => None,
                }
            }
        }
    };
}

per_service! {
    /// How much of each service may be used, or was used. `None` where TagoIO doesn't say; fractions do occur.
    #[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
    pub struct ProfileLimit {}
}

per_service! {
    /// What was used in an hour, a day or a month: see [`per_period`](super::per_period). For levels, what there was at
    /// its end.
    #[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
    pub struct PeriodUsage {
        /// The moment of the point that ends the period.
        #[serde(default)]
        pub time: Timestamp,
        /// The moment of the point before; `None` when there is none, and what was used is unknown.
        #[serde(default)]
        pub since: Option<Timestamp>,
    }
}

per_service! {
    /// What was used up to a moment since the month began; for levels, what there was at that moment. `None` for what
    /// was not used.
    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    pub struct UsageStatistic {
        /// The moment.
        #[serde(default)]
        pub time: Timestamp,
    }
}

/// How much of some services a profile is to have.
///
/// ```
/// use tagoio::profile::{Service, ServiceAllocation};
///
/// let allocation = ServiceAllocation::new().set(Service::Input, 350_000).set(Service::FileStorage, 1.5);
/// assert_eq!(serde_json::to_string(&allocation)?, r#"{"input":350000,"file_storage":1.5}"#);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(transparent)]
pub struct ServiceAllocation(BTreeMap<Service, f64>);

impl ServiceAllocation {
    /// Nothing is set.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the amount of one service.
    pub fn set(mut self, service: Service, amount: impl Into<f64>) -> Self {
        self.0.insert(service, amount.into());
        self
    }

    /// The amounts that are set.
    pub fn iter(&self) -> impl Iterator<Item = (&Service, f64)> {
        self.0.iter().map(|(service, amount)| (service, *amount))
    }
}

/// Whole numbers are written as such: TagoIO's other clients don't write `350000.0`.
impl Serialize for ServiceAllocation {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if let Some((service, amount)) = self.iter().find(|(_, amount)| !amount.is_finite()) {
            return Err(serde::ser::Error::custom(format!("the amount of {service} is {amount}")));
        }
        serializer.collect_map(self.iter().map(|(service, amount)| (service, number(amount))))
    }
}

open_enum! {
    /// How far the points of usage statistics are apart.
    pub enum Periodicity {
        /// A point an hour. The default.
        Hour = "hour",
        /// A point a day.
        Day = "day",
        /// A point a month.
        Month = "month",
    }
}

/// Which usage statistics are wanted: those of a day, by the hour, or those of a range.
///
/// ```
/// use tagoio::profile::{Periodicity, StatisticsDate};
///
/// let day = StatisticsDate::day("2024-09-01").timezone("America/New_York");
/// let range = StatisticsDate::range("2024-09-01", "2024-12-31", Periodicity::Month);
/// # let _ = (day, range);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct StatisticsDate {
    /// The IANA time zone of days; UTC by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timezone: Option<String>,
    /// A day, whose hours are wanted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date: Option<DateInput>,
    /// The first day or moment of a range.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_date: Option<DateInput>,
    /// The last day or moment of a range.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_date: Option<DateInput>,
    /// How far the points of a range are apart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub periodicity: Option<Periodicity>,
}

impl StatisticsDate {
    /// What TagoIO gives by itself: the hours of today.
    pub fn new() -> Self {
        Self::default()
    }

    /// The hours of a day.
    pub fn day(date: impl Into<DateInput>) -> Self {
        Self { date: Some(date.into()), ..Self::default() }
    }

    /// The points of a range.
    pub fn range(start: impl Into<DateInput>, end: impl Into<DateInput>, periodicity: Periodicity) -> Self {
        Self {
            start_date: Some(start.into()),
            end_date: Some(end.into()),
            periodicity: Some(periodicity),
            ..Self::default()
        }
    }

    /// Sets the IANA time zone of days, such as `America/New_York`.
    pub fn timezone(mut self, timezone: impl Into<String>) -> Self {
        self.timezone = Some(timezone.into());
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_passes_through_is_counted_and_what_is_there_is_a_level() {
        let counted = Service::KNOWN.iter().filter(|service| service.is_counted()).map(Service::as_str);
        let expected = ["input", "output", "analysis", "sms", "email", "push_notification", "dashboard_output"];
        assert_eq!(counted.collect::<Vec<_>>(), expected);
        assert!(!Service::Other("unknown".to_owned()).is_counted());
    }
}
