mod change;
mod copy;

pub use change::SettingsChange;
pub use copy::{LeftOut, LeftOutReason, SettingsCopy, SettingsDifference, SettingsPart};

use std::collections::BTreeMap;

use serde_json::{Map, Number, Value};

use super::Theme;
use crate::id::{ProfileId, ResourceId};
use crate::macros::{open_enum, settings};
use crate::secret::Token;
use crate::time::Timestamp;

settings! {
    /// The settings of a TagoRUN portal: what [`info`](super::RunApi::info) gives and [`edit`](super::RunApi::edit) takes.
    ///
    /// Each field tells "not there" from `null` from a value. A change that says nothing of a field leaves it alone; a
    /// change of a structure (the theme, a template) replaces it whole, so read it first.
    ///
    /// ```
    /// use tagoio::run::RunSettings;
    ///
    /// let change = RunSettings::new().name("Portal").sub_title("All your sensors");
    /// assert_eq!(serde_json::to_string(&change)?, r#"{"name":"Portal","sub_title":"All your sensors"}"#);
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    #[doc(alias = "RunInfo")]
    pub struct RunSettings {
        /// The profile that the portal belongs to.
        profile: ProfileId = "profile",
        /// Whether the portal is open.
        active: bool = "active",
        /// Its name.
        name: String = "name",
        /// The line below its name.
        sub_title: String = "sub_title",
        /// Its host name, such as `acme.tago.run`.
        url: String = "url",
        /// The domain its e-mails are sent from.
        email_domain: String = "email_domain",
        /// The texts of its e-mails, by key: `welcome_actived`, `password_recover`, … and keys of your own.
        email_templates: BTreeMap<String, EmailTemplate> = "email_templates",
        /// How people become users.
        signup_method: SignUpMethod = "signup_method",
        /// What the sign-up form asks for.
        signup_fields: Vec<SignUpField> = "signup_fields",
        /// The address of the logo on the sign-up page.
        signup_logo: String = "signup_logo",
        /// How that logo is shown.
        signup_logo_options: Map<String, Value> = "signup_logo_options",
        /// Further buttons on the sign-in page.
        signin_buttons: Vec<SignInButton> = "signin_buttons",
        /// The address of the icon in the browser's tab.
        favicon: String = "favicon",
        /// The address of the logo.
        logo: String = "logo",
        /// How the logo is shown.
        logo_options: Map<String, Value> = "logo_options",
        /// The buttons of the sidebar.
        sidebar_buttons: Vec<SidebarButton> = "sidebar_buttons",
        /// The set-up of devices' Wi-Fi by the mobile app.
        feature_devicewifisetup: WifiSetup = "feature_devicewifisetup",
        /// The report of the mobile app's position.
        feature_geolocation: Geolocation = "feature_geolocation",
        /// Colours and the like.
        theme: Theme = "theme",
        /// Services of others.
        integration: Integration = "integration",
        /// Whether single sign-on by SAML is on.
        sso_saml_active: bool = "sso_saml_active",
        /// Two-factor authentication, and who may delete users.
        security: SecuritySettings = "security",
        /// The token that visitors without a user act with.
        anonymous_token: Token = "anonymous_token",
        /// How long a user stays signed in, such as `3 months`.
        auth_token_ttl: String = "auth_token_ttl",
        /// The dictionary that the portal's texts come from.
        dictionary: ResourceId = "dictionary",
        /// Fields of your own for users.
        custom_fields: Value = "custom_fields",
        /// When the portal was created. Not taken back by TagoIO.
        created_at: Timestamp = "created_at",
        /// When it was last changed.
        updated_at: Timestamp = "updated_at",
    }
}

impl RunSettings {
    /// The settings without what TagoIO refuses in a change.
    pub(super) fn writable(&self) -> Self {
        let mut settings = self.clone();
        settings.created_at = crate::Patch::Keep;
        settings.other.remove("created_at");
        settings
    }
}

open_enum! {
    /// How people become users of a portal.
    pub enum SignUpMethod {
        /// By a form, and the confirmation of their e-mail address.
        Default = "default",
        /// Not by themselves.
        Disabled = "disabled",
    }
}

settings! {
    /// A button of the portal's sidebar.
    ///
    /// ```
    /// use tagoio::run::{ButtonCondition, SidebarButton};
    ///
    /// let for_admins = ButtonCondition::new().tag_key("access").tag_value("admin");
    /// let status = SidebarButton::new()
    ///     .kind("link")
    ///     .text("Status")
    ///     .href("https://status.example.com")
    ///     .conditions(vec![for_admins]);
    /// # let _ = status;
    /// ```
    #[derive(PartialEq)]
    pub struct SidebarButton {
        /// The colour.
        color: String = "color",
        /// Where it leads.
        href: String = "href",
        /// The address of its icon.
        icon_url: String = "iconUrl",
        /// The text.
        text: String = "text",
        /// What it does: `link`, `dashboard`, …
        kind: String = "type",
        /// What it leads to, where the kind needs one: a dashboard's id.
        value: String = "value",
        /// Whether it begins a new line.
        is_in_new_line: bool = "isInNewLine",
        /// The tags a user needs to see it.
        conditions: Vec<ButtonCondition> = "conditions",
    }
}

settings! {
    /// A tag that a user needs to see a button.
    ///
    /// ```
    /// use tagoio::run::ButtonCondition;
    ///
    /// let for_admins = ButtonCondition::new().tag_key("access").tag_value("admin");
    /// # let _ = for_admins;
    /// ```
    #[derive(PartialEq)]
    pub struct ButtonCondition {
        /// The tag's key.
        tag_key: String = "tag_key",
        /// The tag's value.
        tag_value: String = "tag_value",
    }
}

settings! {
    /// A further button on the portal's sign-in page.
    ///
    /// ```
    /// use tagoio::run::SignInButton;
    ///
    /// let help = SignInButton::new().kind("link").label("Help").url("https://example.com/help");
    /// # let _ = help;
    /// ```
    #[derive(PartialEq)]
    pub struct SignInButton {
        /// The text.
        label: String = "label",
        /// What it does; `link` is all there is.
        kind: String = "type",
        /// Where it leads.
        url: String = "url",
    }
}

settings! {
    /// Something that the sign-up form asks for.
    ///
    /// ```
    /// use tagoio::run::SignUpField;
    ///
    /// let company = SignUpField::new().name("company").placeholder("Your company").required(true).kind("text");
    /// # let _ = company;
    /// ```
    #[derive(PartialEq)]
    pub struct SignUpField {
        /// The field's name.
        name: String = "name",
        /// The text in the empty field.
        placeholder: String = "placeholder",
        /// Whether it has to be filled in.
        required: bool = "required",
        /// The kind of text.
        kind: String = "type",
    }
}

settings! {
    /// The text of an e-mail.
    ///
    /// ```
    /// use tagoio::run::EmailTemplate;
    ///
    /// let invitation = EmailTemplate::new().subject("You're invited").value("<p>Hello $NAME$,</p>");
    /// # let _ = invitation;
    /// ```
    #[derive(PartialEq)]
    pub struct EmailTemplate {
        /// The subject.
        subject: String = "subject",
        /// The body, as HTML with placeholders such as `$NAME$`.
        value: String = "value",
    }
}

settings! {
    /// The set-up of devices' Wi-Fi by the mobile app.
    ///
    /// ```
    /// use tagoio::run::WifiSetup;
    ///
    /// let setup = WifiSetup::new().enabled(true).name("Freezer").ip("192.168.4.1").port("80").protocol("http");
    /// # let _ = setup;
    /// ```
    #[derive(PartialEq)]
    pub struct WifiSetup {
        /// Whether it is offered.
        enabled: bool = "enabled",
        /// What it is called.
        name: String = "name",
        /// The device's address while it is set up.
        ip: String = "ip",
        /// The device's port while it is set up.
        port: String = "port",
        /// The protocol of the set-up.
        protocol: String = "protocol",
        /// The language.
        language: String = "language",
        /// The texts, by language.
        translations: Map<String, Value> = "translations",
        /// A colour.
        background_color: String = "background_color",
        /// A colour.
        text_color: String = "text_color",
        /// A colour.
        button_cancel_background_color: String = "button_cancel_background_color",
        /// A colour.
        button_cancel_text_color: String = "button_cancel_text_color",
        /// A colour.
        button_confirm_background_color: String = "button_confirm_background_color",
        /// A colour.
        button_confirm_text_color: String = "button_confirm_text_color",
    }
}

settings! {
    /// The report of the mobile app's position.
    ///
    /// ```
    /// use tagoio::run::Geolocation;
    ///
    /// let every_hundred_metres = Geolocation::new().enabled(true).target("device").device("61e1b2c3d4e5f60012345678").minimum_distance(100);
    /// # let _ = every_hundred_metres;
    /// ```
    #[derive(PartialEq)]
    pub struct Geolocation {
        /// Whether it is on.
        enabled: bool = "enabled",
        /// Where positions go: `device`, `middleware`.
        target: String = "target",
        /// The device they go to.
        device: ResourceId = "device",
        /// The middleware they go to.
        middleware_url: String = "middleware_url",
        /// How many positions are collected before they are sent.
        buffer_size: Number = "buffer_size",
        /// How far the app has to move between two positions, in metres.
        minimum_distance: Number = "minimum_distance",
        /// How long it has to wait between two positions, in seconds.
        minimum_interval: Number = "minimum_interval",
    }
}

settings! {
    /// Services of others that the portal is tied to.
    ///
    /// ```
    /// use serde_json::json;
    /// use tagoio::run::Integration;
    ///
    /// let analytics = Integration::new().google_analytics(json!("G-1A2B3C4D5E"));
    /// # let _ = analytics;
    /// ```
    #[derive(PartialEq)]
    pub struct Integration {
        /// Google Analytics.
        google_analytics: Value = "google_analytics",
        /// Zoho SalesIQ.
        zoho_salesiq: Value = "zoho_salesiq",
    }
}

settings! {
    /// The portal's security.
    ///
    /// ```
    /// use tagoio::run::{OtpSettings, SecuritySettings, UserDeletion};
    ///
    /// let security = SecuritySettings::new()
    ///     .otp(OtpSettings::new().authenticator(true).email(true))
    ///     .delete(UserDeletion::new().email_owner(true));
    /// # let _ = security;
    /// ```
    #[derive(PartialEq)]
    pub struct SecuritySettings {
        /// Two-factor authentication.
        otp: OtpSettings = "otp",
        /// Who may delete users.
        delete: UserDeletion = "delete",
    }
}

settings! {
    /// The ways of two-factor authentication that users have.
    ///
    /// ```
    /// use tagoio::run::OtpSettings;
    ///
    /// let by_app_alone = OtpSettings::new().authenticator(true).sms(false).email(false);
    /// # let _ = by_app_alone;
    /// ```
    #[derive(PartialEq)]
    pub struct OtpSettings {
        /// By an authenticator app.
        authenticator: bool = "authenticator",
        /// By text message.
        sms: bool = "sms",
        /// By e-mail.
        email: bool = "email",
    }
}

settings! {
    /// Who may delete a user.
    ///
    /// ```
    /// use tagoio::run::UserDeletion;
    ///
    /// let users_themselves = UserDeletion::new().email_owner(true);
    /// # let _ = users_themselves;
    /// ```
    #[derive(PartialEq)]
    pub struct UserDeletion {
        /// The user, who confirms it by e-mail.
        email_owner: bool = "email_owner",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Patch;
    use serde_json::json;

    #[test]
    fn what_is_read_is_written_back_whatever_it_is() {
        for settings in [
            json!({}),
            json!({"name": "Portal", "favicon": null, "custom_fields": [{"id": "1"}], "brand_new": {"a": [1, null]}}),
            json!({"name": 5, "active": "yes", "theme": "dark", "sidebar_buttons": [1, 2]}),
            json!({"sidebar_buttons": [{"text": "a"}, null, 5, "x"], "email_templates": {"a": {"subject": "s"}, "odd": null}}),
            json!({"security": 5, "feature_geolocation": [1]}),
            json!({"sidebar_buttons": [{"color": "#fff", "type": "link", "value": null, "new_key": 1, "text": 7}]}),
            json!({"feature_geolocation": {"buffer_size": 1.5, "minimum_distance": 10, "device": null, "target": {}}}),
            json!({"theme": {"navbar": "#fff", "brandNew": "#000", "auth_bg_opacity": 0.5}}),
            json!({"email_templates": {"welcome": {"subject": "s", "value": "v", "x": null}, "own": {}}}),
            json!({"security": {}, "integration": {"google_analytics": "UA-1", "other": {}}}),
            json!({"created_at": "2024-01-01T00:00:00+02:00", "updated_at": "2024-01-01T00:00:00.000Z"}),
        ] {
            let typed: RunSettings = serde_json::from_value(settings.clone()).unwrap();
            assert_eq!(serde_json::to_value(&typed).unwrap(), settings);
        }
    }

    #[test]
    fn known_values_are_typed_and_a_set_field_wins_over_what_was_kept() {
        let mut settings: RunSettings =
            serde_json::from_value(json!({"name": 5, "theme": {"navbar": "#fff"}, "favicon": null})).unwrap();
        assert_eq!(settings.name, Patch::Keep);
        assert_eq!(settings.favicon, Patch::Clear);
        assert_eq!(settings.theme.as_ref().unwrap().get(&super::super::ThemeOption::Navbar), Some("#fff"));

        settings.name = "Portal".into();
        assert_eq!(
            serde_json::to_value(&settings).unwrap(),
            json!({"name": "Portal", "theme": {"navbar": "#fff"}, "favicon": null})
        );
    }

    #[test]
    fn an_odd_value_does_not_cost_its_neighbours() {
        let settings =
            json!({"email_templates": {"welcome": {"subject": "s"}, "odd": null}, "sidebar_buttons": [null]});
        let mut typed: RunSettings = serde_json::from_value(settings).unwrap();
        typed.email_templates.get_or_default().insert("own".to_owned(), EmailTemplate::new().subject("Hi"));
        typed.sidebar_buttons.get_or_default().push(SidebarButton::new().text("Home"));
        assert_eq!(
            serde_json::to_value(&typed).unwrap(),
            json!({
                "email_templates": {"welcome": {"subject": "s"}, "odd": null, "own": {"subject": "Hi"}},
                "sidebar_buttons": [null, {"text": "Home"}],
            })
        );
    }

    #[test]
    fn the_keys_are_those_of_the_fields() {
        assert_eq!(OtpSettings::KEYS, ["authenticator", "sms", "email"]);
        let whole = SidebarButton::KEYS.iter().map(|key| ((*key).to_owned(), json!(null))).collect::<Map<_, _>>();
        let typed: SidebarButton = serde_json::from_value(Value::Object(whole)).unwrap();
        assert!(typed.other.is_empty());
    }

    #[test]
    fn the_creation_date_is_not_written_back() {
        for date in [json!("2024-01-01T00:00:00.000Z"), json!("odd")] {
            let settings: RunSettings = serde_json::from_value(json!({"name": "x", "created_at": date})).unwrap();
            assert_eq!(serde_json::to_value(settings.writable()).unwrap(), json!({"name": "x"}));
        }
    }
}
