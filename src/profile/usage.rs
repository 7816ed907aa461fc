//! What was used in each period, and how much of the allocation that is.

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike as _, Months, NaiveTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::{PeriodUsage, Periodicity, ProfileLimit, ProfileSummary, Service, StatisticsDate, UsageStatistic};

/// Turns cumulative statistics into what was used in each period: of what is [counted](Service::is_counted), each
/// point's difference to the point before it in time; of levels, the level.
///
/// * Counters begin again with the month, all at once. Where one of them is lower than before, they just did. Where
///   none is, although a month has ended, they did when it ended in UTC, unless one of them drops within a day of that
///   (so months of other time zones are found as well). The amount then is the new value itself; what was used between
///   the last point of a month and its end is in no point, and so in no amount.
/// * A counter that a point lacks was not used: its amount is 0, and the next amount is counted from where it was, or
///   from 0 when the month has turned.
/// * The first point has no neighbour: its amounts are `None`, and so is its `since`.
///   [`usage`](super::ProfileApi::usage) asks for that neighbour, too.
/// * A level that a point lacks stays `None`.
///
/// The points may come in any order; the periods are in the order of time. Of points at the same moment the last one
/// counts. Those whose time can't be read come at the end, with levels and without amounts.
///
/// ```
/// use serde_json::json;
/// use tagoio::profile::{UsageStatistic, per_period};
///
/// let points: Vec<UsageStatistic> = serde_json::from_value(json!([
///     {"time": "2024-01-31T22:01:36Z", "input": 500, "run_users": 7},
///     {"time": "2024-01-31T23:01:36Z", "input": 530, "run_users": 8},
///     {"time": "2024-02-01T00:01:36Z", "input": 12, "run_users": 8},
/// ]))?;
/// let periods = per_period(&points);
/// assert_eq!(periods.iter().map(|period| period.input).collect::<Vec<_>>(), [None, Some(30.0), Some(12.0)]);
/// assert_eq!(periods[1].run_users, Some(8.0));
/// # Ok::<(), serde_json::Error>(())
/// ```
pub fn per_period(points: &[UsageStatistic]) -> Vec<PeriodUsage> {
    amounts(points, First::Unknown)
}

/// What is known of the time before the first point.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum First {
    /// Nothing.
    Unknown,
    /// Counters began at 0 in its period.
    BeginsMonth,
}

pub(super) fn amounts(points: &[UsageStatistic], first: First) -> Vec<PeriodUsage> {
    let dated: BTreeMap<DateTime<Utc>, &UsageStatistic> =
        points.iter().filter_map(|point| Some((point.time.utc()?, point))).collect();
    let dated: Vec<_> = dated.into_iter().collect();
    let turns = month_turns(&dated);
    // Where each counter was.
    let mut counters = vec![0.0; Service::KNOWN.len()];
    let mut periods = Vec::with_capacity(points.len());
    for (at, ((_, point), turned)) in dated.iter().zip(turns).enumerate() {
        let before = at.checked_sub(1).and_then(|before| dated.get(before));
        let is_known = before.is_some() || first == First::BeginsMonth;
        let mut period = levels(point);
        period.since = before.map(|(_, before)| before.time.clone());
        for (service, counter) in Service::KNOWN.iter().zip(&mut counters).filter(|(service, _)| service.is_counted()) {
            if turned {
                *counter = 0.0;
            }
            let amount = point.get(service).map_or(0.0, |value| {
                let start = if value < *counter { 0.0 } else { *counter };
                *counter = value;
                difference(value, start)
            });
            if let Some(slot) = period.slot(service) {
                *slot = is_known.then_some(amount);
            }
        }
        periods.push(period);
    }
    periods.extend(points.iter().filter(|point| point.time.utc().is_none()).map(levels));
    periods
}

/// Time and levels of a point.
fn levels(point: &UsageStatistic) -> PeriodUsage {
    let mut period = PeriodUsage { time: point.time.clone(), ..PeriodUsage::default() };
    for service in Service::KNOWN.iter().filter(|service| !service.is_counted()) {
        if let Some(slot) = period.slot(service) {
            *slot = point.get(service);
        }
    }
    period
}

/// Without the noise that binary fractions bring: 2.17 − 2.1 is 0.07.
fn difference(value: f64, start: f64) -> f64 {
    const DECIMALS: f64 = 1e6;
    // Above, rounding would do more harm than good.
    const LARGEST: f64 = 1e9;
    let difference = value - start;
    if difference.fract() != 0.0 && difference.abs() < LARGEST {
        return (difference * DECIMALS).round() / DECIMALS;
    }
    difference
}

/// How far from UTC's the turn of a month may be, in any time zone.
const ZONES: TimeDelta = TimeDelta::days(1);

type Dated<'a> = (DateTime<Utc>, &'a UsageStatistic);

/// For each point, whether the month turned since the point before.
fn month_turns(points: &[Dated<'_>]) -> Vec<bool> {
    let steps: Vec<Step<'_>> = points
        .windows(2)
        .filter_map(|pair| if let [before, after] = pair { Some(Step { before, after }) } else { None })
        .collect();
    let turned_elsewhere = |at: usize, boundary: DateTime<Utc>| {
        let earlier = steps[..at].iter().rev().take_while(|step| step.ends_near(boundary));
        let later = steps[at + 1..].iter().take_while(|step| step.begins_near(boundary));
        earlier.chain(later).any(|step| step.drops() && step.month_boundary().is_none())
    };
    let turned = |(at, step): (usize, &Step<'_>)| {
        if step.drops() {
            return step.may_turn_a_month();
        }
        let Some(boundary) = step.month_boundary() else { return false };
        step.skips_a_month() || !turned_elsewhere(at, boundary)
    };
    std::iter::once(false).chain(steps.iter().enumerate().map(turned)).collect()
}

/// From one point to the next.
struct Step<'a> {
    before: &'a Dated<'a>,
    after: &'a Dated<'a>,
}

impl Step<'_> {
    /// Whether a counter is lower than before.
    fn drops(&self) -> bool {
        let value = |(_, point): &Dated<'_>, service| point.get(service).unwrap_or_default();
        Service::KNOWN
            .iter()
            .filter(|service| service.is_counted())
            .any(|service| value(self.after, service) < value(self.before, service))
    }

    /// When the month of the later point began, when that is in between.
    fn month_boundary(&self) -> Option<DateTime<Utc>> {
        month_start(self.after.0).filter(|boundary| self.before.0 < *boundary)
    }

    /// Whether a month may have ended in between, in some time zone.
    fn may_turn_a_month(&self) -> bool {
        let begun = month_start(self.after.0);
        let next = begun.and_then(|begun| begun.checked_add_months(Months::new(1)));
        [begun, next].into_iter().flatten().any(|boundary| self.begins_near(boundary) && self.ends_near(boundary))
    }

    fn skips_a_month(&self) -> bool {
        let months = |(date, _): &Dated<'_>| i64::from(date.year()) * 12 + i64::from(date.month());
        months(self.after) - months(self.before) > 1
    }

    fn begins_near(&self, boundary: DateTime<Utc>) -> bool {
        boundary.checked_add_signed(ZONES).is_none_or(|latest| self.before.0 < latest)
    }

    fn ends_near(&self, boundary: DateTime<Utc>) -> bool {
        boundary.checked_sub_signed(ZONES).is_none_or(|earliest| self.after.0 > earliest)
    }
}

fn month_start(date: DateTime<Utc>) -> Option<DateTime<Utc>> {
    Some(date.date_naive().with_day(1)?.and_time(NaiveTime::MIN).and_utc())
}

/// The query for the point before the first one of an answer; `None` when none is needed or none can be found.
pub(super) fn query_before(date: &StatisticsDate, first: DateTime<Utc>) -> Option<StatisticsDate> {
    // Points are an hour apart or more.
    const A_LITTLE: TimeDelta = TimeDelta::seconds(1);
    let (periodicity, look_back) = match periodicity(date) {
        Periodicity::Hour => (Periodicity::Hour, TimeDelta::days(1)),
        Periodicity::Day => (Periodicity::Day, TimeDelta::days(7)),
        _ => return None,
    };
    let (start, end) = (first.checked_sub_signed(look_back)?, first.checked_add_signed(A_LITTLE)?);
    let query = StatisticsDate::range(start, end, periodicity);
    Some(StatisticsDate { timezone: date.timezone.clone(), ..query })
}

pub(super) fn periodicity(date: &StatisticsDate) -> Periodicity {
    let is_range = date.date.is_none() && date.start_date.is_some();
    date.periodicity.clone().filter(|_| is_range).unwrap_or(Periodicity::Hour)
}

/// How much of a service's allocation is used.
///
/// ```
/// # fn run(tago: &tagoio::Client) -> tagoio::Result<()> {
/// for service in tago.profile().summary(tagoio::ProfileId::CURRENT)?.allocation_use() {
///     if let Some(alert) = service.alert() {
///         println!("{}: {:.0} % used, above {} %", service.service, service.fraction() * 100.0, alert.percent());
///     }
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AllocationUse {
    /// The service.
    pub service: Service,
    /// How much is used, in the service's unit: this month when it is [counted](Service::is_counted), now when it is a
    /// level.
    pub used: f64,
    /// How much may be used.
    pub allocated: f64,
}

impl AllocationUse {
    /// Used by allocated: 1 is all of it, more than 1 too much. Where nothing is allocated, it is 0 when nothing is used,
    /// and infinite otherwise.
    pub fn fraction(&self) -> f64 {
        if self.used == 0.0 { 0.0 } else { self.used / self.allocated }
    }

    /// The highest threshold that is reached.
    pub fn alert(&self) -> Option<UsageAlert> {
        let reached =
            |alert: &UsageAlert| self.used > 0.0 && self.used * 100.0 >= self.allocated * f64::from(alert.percent());
        UsageAlert::ALL.into_iter().rev().find(reached)
    }
}

/// A threshold of use at which TagoIO alerts the account's owner.
///
/// ```
/// use tagoio::profile::UsageAlert;
///
/// assert_eq!(UsageAlert::ALL.map(UsageAlert::percent), [80, 90, 100]);
/// assert!(UsageAlert::Reached > UsageAlert::Approaching);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum UsageAlert {
    /// 80 % of the allocation.
    Approaching,
    /// 90 % of the allocation.
    AlmostReached,
    /// All of the allocation.
    Reached,
}

impl UsageAlert {
    /// From the lowest to the highest.
    pub const ALL: [Self; 3] = [Self::Approaching, Self::AlmostReached, Self::Reached];

    /// The threshold in percent of the allocation.
    pub fn percent(self) -> u8 {
        match self {
            Self::Approaching => 80,
            Self::AlmostReached => 90,
            Self::Reached => 100,
        }
    }
}

impl ProfileSummary {
    /// This month's use of each service that has a limit, in the order of [`Service::KNOWN`].
    ///
    /// ```
    /// use serde_json::{from_value, json};
    /// use tagoio::profile::{ProfileSummary, UsageAlert};
    ///
    /// let summary: ProfileSummary = from_value(json!({"limit": {"sms": 60, "email": 10}, "limit_used": {"sms": 57}}))?;
    /// let [sms, email] = &summary.allocation_use()[..] else { panic!("two services have a limit") };
    /// assert_eq!((sms.fraction(), sms.alert()), (0.95, Some(UsageAlert::AlmostReached)));
    /// assert_eq!((email.fraction(), email.alert()), (0.0, None));
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn allocation_use(&self) -> Vec<AllocationUse> {
        allocation_use(|service| self.limit_used.get(service), &self.limit)
    }
}

impl UsageStatistic {
    /// The use of each service that is allocated, up to this point, in the order of [`Service::KNOWN`]. The allocation
    /// is in [`ProfileInfo`](super::ProfileInfo).
    ///
    /// ```
    /// # #[cfg(feature = "sandbox")] {
    /// use tagoio::ProfileId;
    /// use tagoio::profile::StatisticsDate;
    /// # let tago = tagoio::sandbox::Sandbox::new().client()?;
    ///
    /// let allocation = tago.profile().info(ProfileId::CURRENT)?.allocation;
    /// let today = tago.profile().usage_statistics(ProfileId::CURRENT, &StatisticsDate::new())?;
    /// for service in today.last().map(|newest| newest.against(&allocation)).unwrap_or_default() {
    ///     println!("{}: {} of {}", service.service, service.used, service.allocated);
    /// }
    /// # }
    /// # Ok::<(), tagoio::Error>(())
    /// ```
    pub fn against(&self, allocation: &ProfileLimit) -> Vec<AllocationUse> {
        allocation_use(|service| self.get(service), allocation)
    }
}

fn allocation_use(used: impl Fn(&Service) -> Option<f64>, allocation: &ProfileLimit) -> Vec<AllocationUse> {
    let of = |service: &Service| {
        let allocated = allocation.get(service)?;
        Some(AllocationUse { service: service.clone(), used: used(service).unwrap_or_default(), allocated })
    };
    Service::KNOWN.iter().filter_map(of).collect()
}

pub(super) fn is_before(moment: DateTime<Utc>) -> impl Fn(&UsageStatistic) -> bool {
    move |point| point.time.utc().is_some_and(|time| time < moment)
}
