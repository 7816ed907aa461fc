//! Profiles: what they are, use, may use and did.

mod audit;
mod audit_events;
mod backups;
mod plan;
mod service_provider;
mod services;
mod types;
mod usage;

pub use audit::{AuditLog, AuditLogEvent, AuditLogFilter, AuditLogStatistics, AuditLogStatus, AuditedResource};
pub use audit_events::{AuditEvents, AuditFollower, AuditLogError, AuditLogProblem};
pub use backups::{
    Backup, BackupDownload, BackupNotCompleted, BackupOrder, BackupQuery, BackupStatus, BackupWait, BackupsApi,
    DownloadUrl, QueuedBackup,
};
pub use plan::Plan;
pub(crate) use plan::RATES;
pub use service_provider::{
    EmailProvider, EmailSecrets, EmailService, SecretId, SentTestMessage, ServiceProviderApi, ServiceProviders,
    SmsProvider, SmsSecrets, SmsService, TestMessage,
};
pub use services::{
    PeriodUsage, Periodicity, ProfileLimit, Service, ServiceAllocation, StatisticsDate, UsageStatistic,
};
pub use types::{
    AddOn, AddOnSettings, Credentials, NewProfile, OtpType, ProfileAddOns, ProfileDetails, ProfileEdit, ProfileInfo,
    ProfileListInfo, ProfileRates, ProfileSummary, ResourceAmount,
};
pub use usage::{AllocationUse, UsageAlert, per_period};

use serde::Deserialize;

use crate::client::Client;
use crate::error::Result;
use crate::id::{AuditLogQueryId, ProfileId};
use crate::wire::{Object, delete, get, post, put};

/// The operations on profiles: [`Client::profile`].
///
/// All of them need a profile token or, where an Access Management permission is named, an analysis token whose policy
/// grants it.
///
/// Each call names its own errors; those of any call are in [`Error`](crate::Error#what-any-call-can-fail-with).
#[derive(Debug, Clone, Copy)]
pub struct ProfileApi<'a> {
    pub(crate) client: &'a Client,
}

impl<'a> ProfileApi<'a> {
    /// The backups of a profile.
    pub fn backups(&self) -> BackupsApi<'a> {
        BackupsApi { client: self.client }
    }

    /// Who sends a profile's e-mails and text messages.
    pub fn service_provider(&self) -> ServiceProviderApi<'a> {
        ServiceProviderApi { client: self.client }
    }
}

impl ProfileApi<'_> {
    /// All profiles that the token's account owns or is a team member of.
    ///
    /// `GET /profile` · Access Management: *Account / Access profile*.
    ///
    /// # Errors
    ///
    /// [`is_permission_denied`](crate::Error::is_permission_denied) without the permission.
    ///
    /// ```no_run
    /// # fn run(tago: &tagoio::Client) -> tagoio::Result<()> {
    /// for profile in tago.profile().list()? {
    ///     println!("{} {}", profile.id, profile.name);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn list(&self) -> Result<Vec<ProfileListInfo>> {
        self.client.send(get("/profile"))
    }

    /// A profile's details, allocation, add-ons and plan. [`ProfileId::CURRENT`] is the token's own profile.
    ///
    /// `GET /profile/{profile}` · Access Management: *Account / Access profile*.
    ///
    /// # Errors
    ///
    /// [`is_permission_denied`](crate::Error::is_permission_denied) for a profile that isn't the account's.
    ///
    /// ```no_run
    /// # use tagoio::ProfileId;
    /// # fn run(tago: &tagoio::Client) -> tagoio::Result<()> {
    /// let me = tago.profile().info(ProfileId::CURRENT)?;
    /// println!("{} on the {} plan", me.info.name, me.account_plan.unwrap_or_default());
    /// # Ok(())
    /// # }
    /// ```
    pub fn info(&self, profile: impl Into<ProfileId>) -> Result<ProfileInfo> {
        self.client.send(get("/profile/{profile}").segment(profile.into()))
    }

    /// How many of each resource a profile has, and its use against its limits.
    ///
    /// `GET /profile/{profile}/summary` · Access Management: *Account / Access profile*.
    ///
    /// # Errors
    ///
    /// [`is_permission_denied`](crate::Error::is_permission_denied) for a profile that isn't the account's.
    ///
    /// ```no_run
    /// # use tagoio::ProfileId;
    /// # fn run(tago: &tagoio::Client) -> tagoio::Result<()> {
    /// let summary = tago.profile().summary(ProfileId::CURRENT)?;
    /// println!("{:?} of {:?} inputs", summary.limit_used.input, summary.limit.input);
    /// # Ok(())
    /// # }
    /// ```
    pub fn summary(&self, profile: impl Into<ProfileId>) -> Result<ProfileSummary> {
        self.client.send(get("/profile/{profile}/summary").segment(profile.into()))
    }

    /// Only the number of each resource of a [`summary`](ProfileApi::summary), which is quicker; limits and use stay
    /// empty.
    ///
    /// `GET /profile/{profile}/summary?onlyAmount=true` · Access Management: *Account / Access profile*.
    ///
    /// # Errors
    ///
    /// [`is_permission_denied`](crate::Error::is_permission_denied) for a profile that isn't the account's.
    ///
    /// ```no_run
    /// # use tagoio::ProfileId;
    /// # fn run(tago: &tagoio::Client) -> tagoio::Result<()> {
    /// println!("{:?} devices", tago.profile().summary_amount(ProfileId::CURRENT)?.amount.device);
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "onlyAmount")]
    pub fn summary_amount(&self, profile: impl Into<ProfileId>) -> Result<ProfileSummary> {
        let operation = get("/profile/{profile}/summary").segment(profile.into());
        self.client.send(operation.flag("onlyAmount", true))
    }

    /// Creates a profile and gives its id.
    ///
    /// `POST /profile/` · profile token only. Limits: 1, 2 or 5 profiles an account on the Free, Starter and Scale plan;
    /// 60 to 200 requests a minute.
    ///
    /// # Errors
    ///
    /// [`is_limit_reached`](crate::Error::is_limit_reached) when the plan allows no further profile. The request is never
    /// repeated: after [`maybe_delivered`](crate::Error::maybe_delivered) errors look at [`list`](ProfileApi::list) first.
    ///
    /// ```no_run
    /// # use tagoio::profile::NewProfile;
    /// # fn run(tago: &tagoio::Client) -> tagoio::Result<()> {
    /// let id = tago.profile().create(&NewProfile::new("Staging"))?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn create(&self, profile: &NewProfile) -> Result<ProfileId> {
        self.create_with(profile, false)
    }

    /// Creates a profile that gets the account's unallocated resources, and gives its id.
    ///
    /// `POST /profile/?allocate_free_resources=true`; otherwise as [`create`](ProfileApi::create).
    ///
    /// # Errors
    ///
    /// As [`create`](ProfileApi::create).
    ///
    /// ```no_run
    /// # use tagoio::profile::NewProfile;
    /// # fn run(tago: &tagoio::Client) -> tagoio::Result<()> {
    /// let id = tago.profile().create_with_free_resources(&NewProfile::new("Staging"))?;
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "allocate_free_resources")]
    pub fn create_with_free_resources(&self, profile: &NewProfile) -> Result<ProfileId> {
        self.create_with(profile, true)
    }

    fn create_with(self, profile: &NewProfile, allocate_free_resources: bool) -> Result<ProfileId> {
        #[derive(Deserialize)]
        struct Created {
            id: ProfileId,
        }

        let operation = post("/profile/").flag("allocate_free_resources", allocate_free_resources).json(profile);
        self.client.send::<Created>(operation).map(|created| created.id)
    }

    /// Changes a profile and gives TagoIO's confirmation.
    ///
    /// `PUT /profile/{profile}` · profile token only. 60 to 200 requests a minute, by plan.
    ///
    /// # Errors
    ///
    /// [`is_permission_denied`](crate::Error::is_permission_denied) for a profile that isn't the account's.
    ///
    /// ```no_run
    /// # use tagoio::{Patch, ProfileId, profile::ProfileEdit};
    /// # fn run(tago: &tagoio::Client) -> tagoio::Result<()> {
    /// let edit = ProfileEdit::new().name("Production").banner_url(Patch::Clear);
    /// tago.profile().edit(ProfileId::CURRENT, &edit)?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn edit(&self, profile: impl Into<ProfileId>, edit: &ProfileEdit) -> Result<String> {
        self.client.confirm(put("/profile/{profile}").segment(profile.into()).json(edit))
    }

    /// Deletes a profile with everything in it, for good, and gives TagoIO's confirmation.
    ///
    /// `DELETE /profile/{profile}` with a body · profile token only, and the account's password; with two-factor
    /// authentication also a code. 60 to 200 requests a minute, by plan.
    ///
    /// # Errors
    ///
    /// [`is_wrong_password`](crate::Error::is_wrong_password) when password or code are wrong;
    /// [`is_two_factor_required`](crate::Error::is_two_factor_required) when a code is missing;
    /// [`is_permission_denied`](crate::Error::is_permission_denied) for a profile that isn't the account's own.
    ///
    /// ```no_run
    /// # use tagoio::{Password, PinCode, profile::{Credentials, OtpType}};
    /// # fn run(tago: &tagoio::Client, password: Password, code: PinCode) -> tagoio::Result<()> {
    /// let credentials = Credentials::new(password).pin_code(code).otp_type(OtpType::Authenticator);
    /// tago.profile().delete("61fac4d9a5c9f40012a5ff92", &credentials)?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn delete(&self, profile: impl Into<ProfileId>, credentials: &Credentials) -> Result<String> {
        self.client.confirm(delete("/profile/{profile}").segment(profile.into()).json(credentials))
    }

    /// What a profile used of each service, over a time.
    ///
    /// Values are cumulative and start again at 0 each month; `data_records`, `file_storage` and `run_users` are levels.
    /// A service that was not used is absent.
    ///
    /// `GET /profile/{profile}/statistics` · Access Management: *Account / Access profile statistics*.
    ///
    /// # Errors
    ///
    /// [`is_permission_denied`](crate::Error::is_permission_denied) without the permission.
    ///
    /// ```no_run
    /// # use tagoio::{ProfileId, profile::{Periodicity, StatisticsDate}};
    /// # fn run(tago: &tagoio::Client) -> tagoio::Result<()> {
    /// let september = StatisticsDate::range("2024-09-01", "2024-09-30", Periodicity::Day);
    /// for point in tago.profile().usage_statistics(ProfileId::CURRENT, &september)? {
    ///     println!("{} {:?}", point.time, point.input);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "usageStatisticList")]
    pub fn usage_statistics(
        &self,
        profile: impl Into<ProfileId>,
        date: &StatisticsDate,
    ) -> Result<Vec<UsageStatistic>> {
        self.client.send(get("/profile/{profile}/statistics").segment(profile.into()).params(date))
    }

    /// What a profile used of each service in each hour, day or month: the [statistics](ProfileApi::usage_statistics)
    /// [`per_period`]. Levels stay levels.
    ///
    /// For the first period to have a neighbour, the point before it is asked for by a second request: up to a day back
    /// for hours, up to a week back for days. When TagoIO has none there, the amounts of the first period are `None`.
    /// Months need none, because counters begin at 0 in each.
    ///
    /// `GET /profile/{profile}/statistics`, twice · Access Management: *Account / Access profile statistics*.
    ///
    /// # Errors
    ///
    /// As [`usage_statistics`](ProfileApi::usage_statistics).
    ///
    /// ```no_run
    /// # use tagoio::{ProfileId, profile::{Periodicity, StatisticsDate}};
    /// # fn run(tago: &tagoio::Client) -> tagoio::Result<()> {
    /// let september = StatisticsDate::range("2024-09-01", "2024-09-30", Periodicity::Day);
    /// for day in tago.profile().usage(ProfileId::CURRENT, &september)? {
    ///     println!("{}: {:?} inputs, {:?} users", day.time, day.input, day.run_users);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn usage(&self, profile: impl Into<ProfileId>, date: &StatisticsDate) -> Result<Vec<PeriodUsage>> {
        let profile = profile.into();
        let mut points = self.usage_statistics(&profile, date)?;
        if usage::periodicity(date) == Periodicity::Month {
            return Ok(usage::amounts(&points, usage::First::BeginsMonth));
        }
        let first = points.iter().filter_map(|point| point.time.utc()).min();
        let Some((first, query)) = first.and_then(|first| Some((first, usage::query_before(date, first)?))) else {
            return Ok(per_period(&points));
        };
        points.splice(..0, self.usage_statistics(&profile, &query)?.into_iter().filter(usage::is_before(first)));
        let mut periods = per_period(&points);
        periods.retain(|period| period.time.utc().is_none_or(|time| time >= first));
        Ok(periods)
    }

    /// Asks what was done in a profile. TagoIO may answer at once or with a query that is still
    /// [running](AuditLogStatus::Running), to be asked for by [`audit_log_query`](ProfileApi::audit_log_query);
    /// [`audit_events`](ProfileApi::audit_events) does that by itself.
    ///
    /// `GET /profile/{profile}/auditlog` · profile token of the owning account only. At most 7 days a query, 6 months
    /// back; filters on the Starter and Scale plans only.
    ///
    /// # Errors
    ///
    /// [`is_permission_denied`](crate::Error::is_permission_denied) for team members; [`Error::Api`](crate::Error::Api) with
    /// TagoIO's sentence for a range of more than 7 days.
    ///
    /// ```no_run
    /// # use tagoio::{ProfileId, profile::{AuditLogFilter, AuditedResource}};
    /// # fn run(tago: &tagoio::Client) -> tagoio::Result<()> {
    /// let filter = AuditLogFilter::new().between("2024-12-01", "2024-12-07").resource_name(AuditedResource::RunUser);
    /// let log = tago.profile().audit_log(ProfileId::CURRENT, &filter)?;
    /// for event in log.events.unwrap_or_default() {
    ///     println!("{} {}", event.date, event.message);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "auditLog")]
    pub fn audit_log(&self, profile: impl Into<ProfileId>, filter: &AuditLogFilter) -> Result<AuditLog> {
        self.client.send(get("/profile/{profile}/auditlog").segment(profile.into()).params(filter))
    }

    /// Asks for a query that an earlier [`audit_log`](ProfileApi::audit_log) began.
    ///
    /// `GET /profile/{profile}/auditlog/{query}` · profile token of the owning account only.
    ///
    /// # Errors
    ///
    /// [`is_not_found`](crate::Error::is_not_found) for a query that TagoIO doesn't know any more.
    ///
    /// ```no_run
    /// # use tagoio::{ProfileId, profile::{AuditLogFilter, AuditLogStatus}};
    /// # fn run(tago: &tagoio::Client) -> tagoio::Result<()> {
    /// let mut log = tago.profile().audit_log(ProfileId::CURRENT, &AuditLogFilter::new())?;
    /// while let (Some(AuditLogStatus::Running), Some(query)) = (&log.status, &log.query_id) {
    ///     std::thread::sleep(std::time::Duration::from_secs(1));
    ///     log = tago.profile().audit_log_query(ProfileId::CURRENT, query)?;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "auditLogQuery")]
    pub fn audit_log_query(
        &self,
        profile: impl Into<ProfileId>,
        query: impl Into<AuditLogQueryId>,
    ) -> Result<AuditLog> {
        let operation = get("/profile/{profile}/auditlog/{query}").segment(profile.into());
        self.client.send(operation.segment(query.into()))
    }

    /// What was done in a profile, over any range, the oldest first: by as many [`audit_log`](ProfileApi::audit_log)
    /// queries as it takes, each of which is waited for. See [`AuditEvents`], whose
    /// [`follow`](AuditEvents::follow) goes on with what is done from now on.
    ///
    /// Without a start the range is of 7 days, without an end it goes up to now; TagoIO keeps 6 months. A day counts
    /// as a whole, in UTC; a moment that ends the range is in it. The filter's `limit` is how many events are given
    /// in all, from the oldest on.
    ///
    /// `GET /profile/{profile}/auditlog`, `GET /profile/{profile}/auditlog/{query}` · profile token of the owning account
    /// only; filters on the Starter and Scale plans only.
    ///
    /// # Errors
    ///
    /// The iterator gives [`Error::Config`](crate::Error::Config) for a range that starts after its end, or whose dates
    /// are neither days nor moments; [`Error::AuditLog`](crate::Error::AuditLog) when a query of TagoIO's fails or isn't
    /// done in time; and the errors of [`audit_log`](ProfileApi::audit_log).
    ///
    /// ```no_run
    /// # use tagoio::{ProfileId, profile::{AuditLogFilter, AuditedResource}};
    /// # fn run(tago: &tagoio::Client) -> tagoio::Result<()> {
    /// let users = AuditLogFilter::new().between("2024-10-01", "2024-12-31").resource_name(AuditedResource::RunUser);
    /// for event in tago.profile().audit_events(ProfileId::CURRENT, &users) {
    ///     let event = event?;
    ///     println!("{} {} {}", event.date, event.who, event.message);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn audit_events(&self, profile: impl Into<ProfileId>, filter: &AuditLogFilter) -> AuditEvents {
        AuditEvents::new(self.client.clone(), profile.into(), filter)
    }

    /// Changes how much of each service a profile may use, and gives TagoIO's confirmation.
    ///
    /// `POST /profile/{profile}/services` · profile token only.
    ///
    /// # Errors
    ///
    /// [`Error::Api`](crate::Error::Api) with TagoIO's sentence when the account has no more to give. The request is
    /// never repeated after it may have been delivered.
    ///
    /// ```no_run
    /// # use tagoio::{ProfileId, profile::{Service, ServiceAllocation}};
    /// # fn run(tago: &tagoio::Client) -> tagoio::Result<()> {
    /// let allocation = ServiceAllocation::new().set(Service::Input, 350_000).set(Service::Analysis, 5);
    /// tago.profile().edit_services(ProfileId::CURRENT, &allocation)?;
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "serviceEdit")]
    pub fn edit_services(&self, profile: impl Into<ProfileId>, allocation: &ServiceAllocation) -> Result<String> {
        self.client.confirm(post("/profile/{profile}/services").segment(profile.into()).json(allocation))
    }

    /// The add-ons of a profile. Deprecated by TagoIO: [`info`](ProfileApi::info) has them too.
    ///
    /// `GET /profile/{profile}/addons` · profile token only.
    ///
    /// # Errors
    ///
    /// [`is_permission_denied`](crate::Error::is_permission_denied) for a profile that isn't the account's.
    ///
    /// ```no_run
    /// # use tagoio::ProfileId;
    /// # fn run(tago: &tagoio::Client) -> tagoio::Result<()> {
    /// println!("{:?}", tago.profile().addons(ProfileId::CURRENT)?);
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "addonList")]
    pub fn addons(&self, profile: impl Into<ProfileId>) -> Result<AddOnSettings> {
        let operation = get("/profile/{profile}/addons").segment(profile.into());
        self.client.send(operation).map(|Object(settings)| settings)
    }

    /// Changes the add-ons of a profile, and gives TagoIO's confirmation. Deprecated by TagoIO.
    ///
    /// `POST /profile/{profile}/addons` · profile token only.
    ///
    /// # Errors
    ///
    /// [`is_permission_denied`](crate::Error::is_permission_denied) for a profile that isn't the account's. The request
    /// is never repeated after it may have been delivered.
    ///
    /// ```no_run
    /// # use tagoio::{ProfileId, profile::AddOnSettings};
    /// # fn run(tago: &tagoio::Client) -> tagoio::Result<()> {
    /// tago.profile().edit_addons(ProfileId::CURRENT, &AddOnSettings::new().custom_dns(true))?;
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "addonEdit")]
    pub fn edit_addons(&self, profile: impl Into<ProfileId>, addons: &AddOnSettings) -> Result<String> {
        self.client.confirm(post("/profile/{profile}/addons").segment(profile.into()).json(addons))
    }

    /// Removes an add-on from a profile, and gives TagoIO's confirmation. Deprecated by TagoIO.
    ///
    /// `DELETE /profile/{profile}/{addon}` · profile token only.
    ///
    /// # Errors
    ///
    /// [`is_permission_denied`](crate::Error::is_permission_denied) for a profile that isn't the account's.
    ///
    /// ```no_run
    /// # use tagoio::{ProfileId, profile::AddOn};
    /// # fn run(tago: &tagoio::Client) -> tagoio::Result<()> {
    /// tago.profile().remove_addon(ProfileId::CURRENT, &AddOn::CustomDns)?;
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "removeAddOn")]
    pub fn remove_addon(&self, profile: impl Into<ProfileId>, addon: &AddOn) -> Result<String> {
        let operation = delete("/profile/{profile}/{addon}").segment(profile.into());
        self.client.confirm(operation.segment(addon.as_str()))
    }

    /// Moves the token that this client uses to another profile of the account, and gives TagoIO's confirmation. From
    /// then on every call of this client acts on that profile.
    ///
    /// `PUT /profile/switch/{profile}` · profile token only. Never repeated after it may have been delivered.
    ///
    /// # Errors
    ///
    /// [`is_permission_denied`](crate::Error::is_permission_denied) for a profile that isn't the account's.
    ///
    /// ```no_run
    /// # fn run(tago: &tagoio::Client) -> tagoio::Result<()> {
    /// tago.profile().transfer_token("61fac4d9a5c9f40012a5ff92")?;
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "transferTokenToAnotherProfile")]
    pub fn transfer_token(&self, target: impl Into<ProfileId>) -> Result<String> {
        self.client.confirm(put("/profile/switch/{profile}").segment(target.into()).never_repeat())
    }
}
