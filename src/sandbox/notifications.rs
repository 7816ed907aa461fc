//! Notifications of TagoRUN users.

use serde_json::{Map, Value, json};

use super::answer::{Answer, Refusal};
use super::dates;
use super::directory::Notification;
use super::fields::Fields;
use super::limits::BUTTONS;
use super::routes::{Change, Context};
use crate::Patch;

fn row(notification: &Notification) -> Value {
    let mut row = json!({
        "id": notification.id,
        "title": notification.title,
        "message": notification.message,
        "read": notification.read,
        "buttons": notification.buttons,
        "buttons_enabled": notification.buttons_enabled,
        "buttons_autodisable": notification.buttons_autodisable,
        "created_at": dates::json(notification.created_at),
    });
    if let Some(icon) = &notification.icon {
        row["icon"] = icon.clone();
    }
    row
}

/// All of a user, the newest first. There are no pages.
pub(super) fn list(context: &mut Context<'_>) -> Answer {
    let user = context.param(0).to_owned();
    let user = context.portal()?.users.get(&user).ok_or_else(|| Refusal::not_found("User"))?;
    Ok(user.notifications.iter().rev().map(row).collect())
}

/// The fields that creation and change have in common.
struct Optional {
    read: Option<bool>,
    icon: Patch<Value>,
    buttons: Option<Vec<Value>>,
    buttons_enabled: Option<bool>,
    buttons_autodisable: Option<bool>,
}

impl Optional {
    fn read(fields: Fields<'_>) -> Result<Self, Refusal> {
        Ok(Self {
            read: fields.plain_flag("read")?,
            icon: match fields.object("icon")? {
                Patch::Keep => Patch::Keep,
                Patch::Clear => Patch::Clear,
                Patch::Set(icon) => {
                    if !is_icon(icon) {
                        return Err(Refusal::invalid("icon", "type"));
                    }
                    Patch::Set(Value::Object(icon.clone()))
                }
            },
            buttons: match fields.array("buttons")? {
                Patch::Keep => None,
                Patch::Clear => Some(Vec::new()),
                Patch::Set(buttons) => {
                    check_buttons(buttons)?;
                    Some(buttons.clone())
                }
            },
            buttons_enabled: fields.plain_flag("buttons_enabled")?,
            buttons_autodisable: fields.plain_flag("buttons_autodisable")?,
        })
    }

    fn apply(self, notification: &mut Notification) {
        notification.read = self.read.unwrap_or(notification.read);
        match self.icon {
            Patch::Keep => {}
            Patch::Clear => notification.icon = None,
            Patch::Set(icon) => notification.icon = Some(icon),
        }
        if let Some(buttons) = self.buttons {
            notification.buttons = buttons;
        }
        notification.buttons_enabled = self.buttons_enabled.unwrap_or(notification.buttons_enabled);
        notification.buttons_autodisable = self.buttons_autodisable.unwrap_or(notification.buttons_autodisable);
    }
}

pub(super) fn is_icon(icon: &Map<String, Value>) -> bool {
    ["image_url", "svg_url"].iter().any(|key| icon.get(*key).is_some_and(Value::is_string))
}

/// Both dialects are taken as they are: the older one has `url` or `analysis`, the newer one `triggers`.
pub(super) fn check_buttons(buttons: &[Value]) -> Result<(), Refusal> {
    if buttons.len() > BUTTONS {
        return Err(Refusal::limit("Notification buttons", BUTTONS));
    }
    for button in buttons {
        let fields = Fields::of(button).map_err(|_| Refusal::invalid("buttons", "type"))?;
        let id = fields.filled_text("id").map_err(|_| Refusal::invalid("buttons.id", "type"))?;
        let id = id.ok_or_else(|| Refusal::invalid("buttons.id", "required"))?;
        if id.contains(char::is_whitespace) {
            return Err(Refusal::bad_request("Invalid buttons.id should not have spaces (type)"));
        }
        let label = fields.filled_text("label").map_err(|_| Refusal::invalid("buttons.label", "type"))?;
        label.ok_or_else(|| Refusal::invalid("buttons.label", "required"))?;
        for key in ["color", "url", "analysis"] {
            fields.text(key).map_err(|_| Refusal::invalid(&format!("buttons.{key}"), "type"))?;
        }
        // One trigger may stand by itself.
        let well_formed = match fields.get("triggers") {
            None | Some(Value::Null | Value::Object(_)) => true,
            Some(Value::Array(triggers)) => triggers.iter().all(Value::is_object),
            Some(_) => false,
        };
        if !well_formed {
            return Err(Refusal::invalid("buttons.triggers", "type"));
        }
    }
    Ok(())
}

pub(super) fn create(context: &mut Context<'_>) -> Result<Change, Refusal> {
    let (now, id) = (context.now, context.world.ids.id());
    let fields = context.fields()?;
    let user = fields.required_text("run_user")?.to_owned();
    let mut notification = Notification {
        id: id.clone(),
        title: fields.required_text("title")?.to_owned(),
        message: fields.required_text("message")?.to_owned(),
        read: false,
        icon: None,
        buttons: Vec::new(),
        buttons_enabled: true,
        buttons_autodisable: true,
        created_at: now,
    };
    Optional::read(fields)?.apply(&mut notification);
    let message = format!("Notification {} sent", notification.title);
    if !context.portal()?.users.notify(&user, notification) {
        return Err(Refusal::not_found("User"));
    }
    Ok(Change {
        result: json!({"id": id}),
        profile: context.caller.profile.clone(),
        resource: "runuser",
        id: user,
        message,
    })
}

pub(super) fn edit(context: &mut Context<'_>) -> Result<Change, Refusal> {
    let id = context.param(0).to_owned();
    let body = context.body.take();
    let fields = Fields::of(&body)?;
    let notification =
        context.portal()?.users.notification_mut(&id).ok_or_else(|| Refusal::not_found("Notification"))?;
    let (title, message) = (fields.filled_text("title")?, fields.filled_text("message")?);
    Optional::read(fields)?.apply(notification);
    if let Some(title) = title {
        title.clone_into(&mut notification.title);
    }
    if let Some(message) = message {
        message.clone_into(&mut notification.message);
    }
    let message = format!("Notification {} edited", notification.title);
    Ok(Change {
        result: json!("TagoIO Notification User Successfully Updated"),
        profile: context.caller.profile.clone(),
        resource: "runuser",
        id,
        message,
    })
}

pub(super) fn delete(context: &mut Context<'_>) -> Result<Change, Refusal> {
    let id = context.param(0).to_owned();
    let removed = context.portal()?.users.remove_notification(&id).ok_or_else(|| Refusal::not_found("Notification"))?;
    Ok(Change {
        result: json!("Successfully Removed"),
        profile: context.caller.profile.clone(),
        resource: "runuser",
        id,
        message: format!("Notification {} deleted", removed.title),
    })
}
