use serde_json::json;
use tagoio::run::{ButtonTrigger, NewNotification, NotificationButton, NotificationEdit, NotificationIcon};
use tagoio::transport::Method::Post;

use super::{sandbox, sentence, tell};

fn button(id: &str) -> NotificationButton {
    NotificationButton::new().id(id).label("Got it")
}

#[test]
fn notifications_are_listed_with_the_newest_first() {
    let (sandbox, tago) = sandbox();
    let (user, notifications) = (&sandbox.users()[0].id, tago.run().notifications());
    let before = notifications.list(user).unwrap();
    let first = notifications.create(user, &NewNotification::new().title("One").message("1")).unwrap();
    let second = notifications.create(user, &NewNotification::new().title("Two").message("2").read(true)).unwrap();
    let after = notifications.list(user).unwrap();
    assert_eq!(after.iter().take(2).map(|sent| &sent.id).collect::<Vec<_>>(), [&second, &first]);
    assert_eq!(after[2..], before);
    assert!(before.is_sorted_by_key(|sent| std::cmp::Reverse(sent.created_at.as_ref().unwrap().utc())));
    assert_eq!((after[0].read, after[1].read), (Some(true), Some(false)));
    assert_eq!((after[1].buttons_enabled, after[1].buttons_autodisable), (Some(true), Some(true)));
    assert!(notifications.list(&sandbox.users()[1].id).unwrap().is_empty(), "they are one user's");
}

#[test]
fn buttons_are_kept_in_the_dialect_they_came_in() {
    let (sandbox, tago) = sandbox();
    let (user, notifications) = (&sandbox.users()[1].id, tago.run().notifications());
    let buttons = vec![
        button("old-url").url("https://example.com"),
        button("old-analysis").analysis(tagoio::ResourceId::from("62b0afde27ce4d0012c62256")),
        button("new").color("#fff").triggers(vec![ButtonTrigger::analysis("62b0afde27ce4d0012c62256")]),
        button("own").triggers(Vec::new()),
    ];
    let icon = NotificationIcon::svg("https://example.com/a.svg").bg_color("#000");
    let new = NewNotification::new().title("t").message("m").icon(icon.clone()).buttons(buttons.clone());
    notifications.create(user, &new).unwrap();
    let sent = &notifications.list(user).unwrap()[0];
    assert_eq!((&sent.buttons, sent.icon.as_ref()), (&buttons, Some(&icon)));
}

#[test]
fn a_notification_is_edited_and_deleted() {
    let (sandbox, tago) = sandbox();
    let (user, notifications) = (&sandbox.users()[0].id, tago.run().notifications());
    let sent = notifications.list(user).unwrap().swap_remove(0);
    let edit = NotificationEdit::new().read(true).buttons_enabled(false).title("Done");
    assert_eq!(notifications.edit(&sent.id, &edit).unwrap(), "TagoIO Notification User Successfully Updated");
    let after = notifications.list(user).unwrap().swap_remove(0);
    assert_eq!((after.read, after.buttons_enabled, after.title.as_str()), (Some(true), Some(false), "Done"));
    assert_eq!((after.message, after.buttons), (sent.message, sent.buttons));
    assert_eq!(notifications.delete(&sent.id).unwrap(), "Successfully Removed");
    assert!(notifications.delete(&sent.id).unwrap_err().is_not_found());
    assert!(notifications.list(user).unwrap().iter().all(|left| left.id != sent.id));
}

#[test]
fn a_notification_is_checked() {
    let (sandbox, _) = sandbox();
    let user = sandbox.users()[0].id.clone();
    let buttons = |count: usize| json!(vec![json!({"id": "a", "label": "A"}); count]);
    for (changes, message) in [
        (json!({"run_user": null}), "Invalid run_user (required)"),
        (json!({"title": null}), "Invalid title (required)"),
        (json!({"message": 1}), "Invalid message (type)"),
        (json!({"read": "no"}), "Invalid read (type)"),
        (json!({"icon": {"bg_color": "#fff"}}), "Invalid icon (type)"),
        (json!({"buttons": buttons(5)}), "You have exceeded the maximum limit of Notification buttons (4)"),
        (json!({"buttons": {}}), "Invalid buttons (type)"),
        (json!({"buttons": ["a"]}), "Invalid buttons (type)"),
        (json!({"buttons": [{"label": "A"}]}), "Invalid buttons.id (required)"),
        (json!({"buttons": [{"id": "a b", "label": "A"}]}), "Invalid buttons.id should not have spaces (type)"),
        (json!({"buttons": [{"id": "a"}]}), "Invalid buttons.label (required)"),
        (json!({"buttons": [{"id": "a", "label": "A", "url": 1}]}), "Invalid buttons.url (type)"),
        (json!({"buttons": [{"id": "a", "label": "A", "triggers": "x"}]}), "Invalid buttons.triggers (type)"),
    ] {
        let mut body = json!({"run_user": user, "title": "t", "message": "m"});
        for (key, value) in changes.as_object().unwrap() {
            body[key] = value.clone();
        }
        let (status, answer) = tell(&sandbox, Post, "/run/notification/", &body.to_string());
        assert_eq!((status, sentence(&answer)), (400, message), "{changes}");
    }
    let body = json!({"run_user": user, "title": "t", "message": "m", "buttons": buttons(4)}).to_string();
    assert_eq!(tell(&sandbox, Post, "/run/notification/", &body).0, 200);
}
