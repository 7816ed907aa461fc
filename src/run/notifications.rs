use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::bulk::Notify;
use crate::bulk::users::{UserJob, UserSelection};
use crate::client::Client;
use crate::error::{Error, Result};
use crate::id::{NotificationId, ResourceId, UserId};
use crate::lenient::or_default;
use crate::macros::{open_enum, request, settings};
use crate::time::Timestamp;
use crate::wire::{delete, get, post, put};

/// The operations on users' notifications: [`RunApi::notifications`](super::RunApi::notifications).
///
/// Each call names its own errors; those of any call are in [`Error`](crate::Error#what-any-call-can-fail-with).
#[derive(Debug, Clone, Copy)]
pub struct NotificationsApi<'a> {
    pub(crate) client: &'a Client,
}

/// A notification of a user.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct NotificationInfo {
    /// The notification's id.
    pub id: NotificationId,
    /// The title.
    #[serde(default, deserialize_with = "or_default")]
    pub title: String,
    /// The text.
    #[serde(default, deserialize_with = "or_default")]
    pub message: String,
    /// Whether the user read it.
    #[serde(default)]
    pub read: Option<bool>,
    /// The icon.
    #[serde(default)]
    pub icon: Option<NotificationIcon>,
    /// The buttons, at most 4.
    #[serde(default, deserialize_with = "or_default")]
    pub buttons: Vec<NotificationButton>,
    /// Whether the buttons can be pressed.
    #[serde(default)]
    pub buttons_enabled: Option<bool>,
    /// Whether pressing a button disables all.
    #[serde(default)]
    pub buttons_autodisable: Option<bool>,
    /// When it was created.
    #[serde(default)]
    pub created_at: Option<Timestamp>,
}

request! {
    /// A notification to be sent, or what is to be changed of one. To be sent it needs a title and a message.
    ///
    /// ```
    /// use tagoio::run::{ButtonTrigger, NewNotification, NotificationButton};
    ///
    /// let acknowledge = NotificationButton::new()
    ///     .id("acknowledge")
    ///     .label("Got it")
    ///     .triggers(vec![ButtonTrigger::analysis("62b0afde27ce4d0012c62256")]);
    /// let notification = NewNotification::new()
    ///     .title("Freezer 3 is too warm")
    ///     .message("It has been above -12 °C for 20 minutes.")
    ///     .buttons(vec![acknowledge])
    ///     .buttons_autodisable(true);
    /// ```
    #[doc(alias = "NotificationCreate")]
    #[derive(PartialEq, Default)]
    pub struct NewNotification {
        /// The title.
        title: String,
        /// The text.
        message: String,
        /// Whether it counts as read from the start.
        read: bool,
        /// The icon.
        icon: NotificationIcon,
        /// The buttons, at most 4.
        buttons: Vec<NotificationButton>,
        /// Whether the buttons can be pressed.
        buttons_enabled: bool,
        /// Whether pressing a button disables all.
        buttons_autodisable: bool,
    }
}

/// What is to be changed of a notification: the same fields, all optional.
pub type NotificationEdit = NewNotification;

settings! {
    /// A button below a notification.
    ///
    /// TagoIO has two dialects. The newer one has `triggers`; the older one has an `url` or an `analysis`. Both are
    /// understood here, and sent as they are set.
    ///
    /// ```
    /// use tagoio::run::{ButtonTrigger, NotificationButton};
    ///
    /// let acknowledge = NotificationButton::new()
    ///     .id("acknowledge")
    ///     .label("Got it")
    ///     .color("#0a6ebd")
    ///     .triggers(vec![ButtonTrigger::analysis("62b0afde27ce4d0012c62256")]);
    /// # let _ = acknowledge;
    /// ```
    #[derive(PartialEq)]
    pub struct NotificationButton {
        /// The button's id, without spaces.
        id: String = "id",
        /// The text.
        label: String = "label",
        /// The colour.
        color: String = "color",
        /// What pressing it does.
        triggers: Vec<ButtonTrigger> = "triggers",
        /// Older dialect: the address that it opens.
        url: String = "url",
        /// Older dialect: the analysis that it runs.
        analysis: ResourceId = "analysis",
    }
}

settings! {
    /// What pressing a button does: it runs an analysis, calls an address, or answers the offer of a shared profile.
    ///
    /// ```
    /// use tagoio::run::{ButtonTrigger, ProfileShareAnswer, TriggerMethod};
    ///
    /// let analysis = ButtonTrigger::analysis("62b0afde27ce4d0012c62256");
    /// let call = ButtonTrigger::http(TriggerMethod::Post, "https://example.com/hook", serde_json::Map::new());
    /// let accept = ButtonTrigger::profile_share(ProfileShareAnswer::Accept);
    /// assert_eq!(serde_json::to_string(&accept)?, r#"{"share_profile":"accept"}"#);
    /// # let _ = (analysis, call);
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    #[doc(alias = "NotificationTriggerAnalysis")]
    #[doc(alias = "NotificationTriggerHTTP")]
    #[doc(alias = "NotificationTriggerProfile")]
    #[derive(PartialEq)]
    pub struct ButtonTrigger {
        /// The analysis that runs.
        analysis_id: ResourceId = "analysis_id",
        /// What the analysis is given.
        scope: Vec<Value> = "scope",
        /// The address that is called.
        url: String = "url",
        /// How it is called.
        method: TriggerMethod = "method",
        /// What is sent to it.
        body: Map<String, Value> = "body",
        /// The answer to the offer.
        share_profile: ProfileShareAnswer = "share_profile",
    }
}

impl ButtonTrigger {
    /// Runs an analysis.
    pub fn analysis(id: impl Into<ResourceId>) -> Self {
        Self::new().analysis_id(id.into())
    }

    /// Calls an address.
    pub fn http(method: TriggerMethod, url: impl Into<String>, body: Map<String, Value>) -> Self {
        Self::new().url(url.into()).method(method).body(body)
    }

    /// Answers the offer of a shared profile.
    pub fn profile_share(answer: ProfileShareAnswer) -> Self {
        Self::new().share_profile(answer)
    }
}

open_enum! {
    /// How a button calls an address.
    pub enum TriggerMethod {
        Post = "POST",
        Get = "GET",
        Put = "PUT",
        Delete = "DELETE",
        /// The user's browser goes there.
        Redirect = "REDIRECT",
    }
}

open_enum! {
    /// The answer to the offer of a shared profile.
    pub enum ProfileShareAnswer {
        Accept = "accept",
        Refuse = "refuse",
    }
}

settings! {
    /// The icon of a notification: an image, or a drawing in one colour.
    ///
    /// ```
    /// use tagoio::run::{ImageFit, NotificationIcon};
    ///
    /// let photo = NotificationIcon::image("https://example.com/freezer.jpg").fit(ImageFit::Cover);
    /// let drawing = NotificationIcon::svg("https://example.com/alarm.svg").svg_color("#fff").bg_color("#c00");
    /// # let _ = (photo, drawing);
    /// ```
    #[doc(alias = "NotificationIconImage")]
    #[doc(alias = "NotificationIconSVG")]
    #[derive(PartialEq)]
    pub struct NotificationIcon {
        /// The address of the image.
        image_url: String = "image_url",
        /// How the image fills its place.
        fit: ImageFit = "fit",
        /// The address of the drawing.
        svg_url: String = "svg_url",
        /// The colour of the drawing, such as `#fff`.
        svg_color: String = "svg_color",
        /// The colour behind, such as `#000`.
        bg_color: String = "bg_color",
    }
}

impl NotificationIcon {
    /// An image.
    pub fn image(url: impl Into<String>) -> Self {
        Self::new().image_url(url.into())
    }

    /// A drawing.
    pub fn svg(url: impl Into<String>) -> Self {
        Self::new().svg_url(url.into())
    }
}

open_enum! {
    /// How an image fills its place.
    pub enum ImageFit {
        Fill = "fill",
        Contain = "contain",
        Cover = "cover",
    }
}

impl NotificationsApi<'_> {
    /// All notifications of a user. There are no pages.
    ///
    /// `GET /run/notification/{user}` · Access Management: *Run User / Access notification*.
    ///
    /// # Errors
    ///
    /// [`is_permission_denied`](crate::Error::is_permission_denied) without the permission.
    ///
    /// ```no_run
    /// # fn run(tago: &tagoio::Client) -> tagoio::Result<()> {
    /// for notification in tago.run().notifications().list("61eb25a4d6a4a20011d4cd3c")? {
    ///     println!("{}: {}", notification.title, notification.message);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "notificationList")]
    pub fn list(&self, user: impl Into<UserId>) -> Result<Vec<NotificationInfo>> {
        self.client.send(get("/run/notification/{user}").segment(user.into()))
    }

    /// Sends a user a notification, and gives its id.
    ///
    /// `POST /run/notification/` · Access Management: *Run User / Create notification*. 60, 100 or 1,000 requests a minute
    /// on the Free, Starter and Scale plan.
    ///
    /// # Errors
    ///
    /// [`is_not_found`](crate::Error::is_not_found) for a user that there isn't. The request is never repeated after it
    /// may have been delivered.
    ///
    /// ```no_run
    /// # use tagoio::run::NewNotification;
    /// # fn run(tago: &tagoio::Client) -> tagoio::Result<()> {
    /// let notification = NewNotification::new().title("Hello").message("World");
    /// tago.run().notifications().create("61eb25a4d6a4a20011d4cd3c", &notification)?;
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "notificationCreate")]
    pub fn create(&self, user: impl Into<UserId>, notification: &NewNotification) -> Result<NotificationId> {
        #[derive(Serialize)]
        struct ForUser<'a> {
            run_user: UserId,
            #[serde(flatten)]
            notification: &'a NewNotification,
        }

        #[derive(Deserialize)]
        struct Created {
            id: NotificationId,
        }

        let body = ForUser { run_user: user.into(), notification };
        self.client.send::<Created>(post("/run/notification/").json(&body)).map(|created| created.id)
    }

    /// Looks up the users who are to get a notification: those that a query fits, or these. It goes out when
    /// [`run`](UserJob::run) says so, to each of them once, within the rate limits of the
    /// [plan](crate::bulk::Bulk::plan); up to then it is a dry run.
    ///
    /// `GET /run/users`, as often as it takes for a query; each notification is a `POST /run/notification/`, and one whose
    /// answer gets lost is looked for before it is sent again: see [`Notify`].
    ///
    /// # Errors
    ///
    /// [`Error::Config`](crate::Error::Config) for a notification without a title or a text, and for a query that keeps
    /// nobody out: [`UserSelection::Everybody`] says that everybody is meant. Otherwise as
    /// [`UsersApi::list`](super::UsersApi::list).
    ///
    /// ```
    /// # #[cfg(feature = "sandbox")] {
    /// use tagoio::bulk::Bulk;
    /// use tagoio::run::{NewNotification, UserQuery};
    /// use tagoio::sandbox::Plan;
    /// # let tago = tagoio::sandbox::Sandbox::new().client()?;
    ///
    /// let maintenance = NewNotification::new().title("Maintenance").message("Tonight from 10 pm.");
    /// let users = UserQuery::new().tag("site", "lisbon").active(true);
    /// let report = tago.run().notifications().send_many(users, maintenance)?.run(&Bulk::new(&tago).plan(Plan::Scale));
    /// for user in &report.users {
    ///     println!("{}: {}", user.id, if user.outcome.done().is_some() { "sent" } else { "not sent" });
    /// }
    /// # assert!(report.is_complete() && !report.users.is_empty());
    /// # }
    /// # Ok::<(), tagoio::Error>(())
    /// ```
    pub fn send_many(
        &self,
        users: impl Into<UserSelection>,
        notification: impl Into<Arc<NewNotification>>,
    ) -> Result<UserJob<Notify>> {
        let notification = notification.into();
        for (part, text) in [("title", &notification.title), ("text", &notification.message)] {
            if text.as_deref().is_none_or(str::is_empty) {
                return Err(Error::config("notification", format!("it has no {part}")));
            }
        }
        UserJob::new(self.client, &users.into(), |user| Notify::new(user, Arc::clone(&notification)))
    }

    /// Changes a notification, and gives TagoIO's confirmation.
    ///
    /// `PUT /run/notification/{notification}` · Access Management: *Run User / Edit notification*.
    ///
    /// # Errors
    ///
    /// [`is_not_found`](crate::Error::is_not_found) for a notification that there isn't.
    ///
    /// ```no_run
    /// # use tagoio::run::NotificationEdit;
    /// # fn run(tago: &tagoio::Client) -> tagoio::Result<()> {
    /// let edit = NotificationEdit::new().buttons_enabled(false);
    /// tago.run().notifications().edit("62b0afde27ce4d0012c62256", &edit)?;
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "notificationEdit")]
    pub fn edit(&self, notification: impl Into<NotificationId>, edit: &NotificationEdit) -> Result<String> {
        let operation = put("/run/notification/{notification}").segment(notification.into());
        self.client.confirm(operation.json(edit))
    }

    /// Deletes a notification, and gives TagoIO's confirmation.
    ///
    /// `DELETE /run/notification/{notification}` · Access Management: *Run User / Delete notification*.
    ///
    /// # Errors
    ///
    /// [`is_not_found`](crate::Error::is_not_found) for a notification that there isn't (any more).
    ///
    /// ```no_run
    /// # fn run(tago: &tagoio::Client) -> tagoio::Result<()> {
    /// tago.run().notifications().delete("62b0afde27ce4d0012c62256")?;
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "notificationDelete")]
    pub fn delete(&self, notification: impl Into<NotificationId>) -> Result<String> {
        self.client.confirm(delete("/run/notification/{notification}").segment(notification.into()))
    }
}
