use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::macros::{Kept, open_enum};

open_enum! {
    /// An option of the portal's theme: nearly all are colours, such as `#1a2b3c` or `rgba(26, 43, 60, 0.5)`.
    pub enum ThemeOption {
        ActionSchedule = "actionSchedule",
        ActionTriggerByData = "actionTriggerByData",
        ActionTriggerByResource = "actionTriggerByResource",
        ActionTriggerByMqtt = "actionTriggerByMQTT",
        AlertDangerBackground = "alertDangerBackground",
        AlertInfoBackground = "alertInfoBackground",
        AlertWarningBackground = "alertWarningBackground",
        AnalysisExternal = "analysisExternal",
        AnalysisInternal = "analysisInternal",
        ButtonDanger = "buttonDanger",
        ButtonDangerText = "buttonDangerText",
        ButtonDefault = "buttonDefault",
        ButtonDefaultText = "buttonDefaultText",
        ButtonDisabled = "buttonDisabled",
        ButtonDisabledText = "buttonDisabledText",
        ButtonIconLabel = "buttonIconLabel",
        ButtonPrimary = "buttonPrimary",
        ButtonPrimaryText = "buttonPrimaryText",
        ButtonSuccess = "buttonSuccess",
        ButtonSuccessText = "buttonSuccessText",
        ButtonWarning = "buttonWarning",
        ButtonWarningText = "buttonWarningText",
        DeviceInputOutput1Day = "deviceInputOutput1Day",
        DeviceInputOutput3Days = "deviceInputOutput3Days",
        DeviceInputOutput3Hours = "deviceInputOutput3Hours",
        DeviceInputOutput6Hours = "deviceInputOutput6Hours",
        DeviceInputOutputRest = "deviceInputOutputRest",
        DottedBorder = "dottedBorder",
        DropdownAccent = "dropdownAccent",
        DropdownBackground = "dropdownBackground",
        FloatingSidebarTitle = "floatingSidebarTitle",
        FooterBackground = "footerBackground",
        FormControlBorder = "formControlBorder",
        GaugeEmpty = "gaugeEmpty",
        GaugeFill = "gaugeFill",
        GaugePrimaryText = "gaugePrimaryText",
        GaugeSecondaryText = "gaugeSecondaryText",
        IconRadioSelected = "iconRadioSelected",
        IconRadioSubTitle = "iconRadioSubTitle",
        InformationIcon = "informationIcon",
        InputBackground = "inputBackground",
        InputBackgroundReadOnly = "inputBackgroundReadOnly",
        InputError = "inputError",
        InputForeground = "inputForeground",
        InputForegroundReadOnly = "inputForegroundReadOnly",
        LightBorder = "lightBorder",
        LimitAlert = "limitAlert",
        Link = "link",
        ListNavColor = "listNavColor",
        ListTitleLabel = "listTitleLabel",
        Loading = "loading",
        LoginButton = "loginButton",
        LoginButtonText = "loginButtonText",
        LoginForeground = "loginForeground",
        LoginForm = "loginForm",
        ModalContainer = "modalContainer",
        ModalOverlay = "modalOverlay",
        Navbar = "navbar",
        NavbarBetaDeveloperBorder = "navbarBetaDeveloperBorder",
        NavbarButton = "navbarButton",
        NavbarDropdownBorder = "navbarDropdownBorder",
        NavbarDropdownOption = "navbarDropdownOption",
        NavbarDropdownOptionBorder = "navbarDropdownOptionBorder",
        NavbarText = "navbarText",
        NavDescription = "navDescription",
        NotificationButtonAmount = "notificationButtonAmount",
        NotificationButtonAmountText = "notificationButtonAmountText",
        NotificationFilterBackground = "notificationFilterBackground",
        NotificationFooter = "notificationFooter",
        NotificationItemBorder = "notificationItemBorder",
        NotificationItemDate = "notificationItemDate",
        NotificationItemTextAccepted = "notificationItemTextAccepted",
        NotificationItemUnread = "notificationItemUnread",
        Primary = "primary",
        PublicPageNavigationBar = "publicPageNavigationBar",
        SidebarAccessSelected = "sidebarAccessSelected",
        SidebarAccountSelected = "sidebarAccountSelected",
        SidebarActionSelected = "sidebarActionSelected",
        SidebarAnalysisSelected = "sidebarAnalysisSelected",
        SidebarBackground = "sidebarBackground",
        SidebarBillingSelected = "sidebarBillingSelected",
        SidebarBucketSelected = "sidebarBucketSelected",
        SidebarDashboardSelected = "sidebarDashboardSelected",
        SidebarDeviceSelected = "sidebarDeviceSelected",
        SidebarExploreSelected = "sidebarExploreSelected",
        SidebarFileSelected = "sidebarFileSelected",
        SidebarForegroundIcon = "sidebarForegroundIcon",
        SidebarForegroundText = "sidebarForegroundText",
        SidebarHomeSelected = "sidebarHomeSelected",
        SidebarItem = "sidebarItem",
        SidebarRibbon = "sidebarRibbon",
        SidebarRunSelected = "sidebarRunSelected",
        SidebarSeparator = "sidebarSeparator",
        SidebarSeparatorForeground = "sidebarSeparatorForeground",
        SidebarUserSelected = "sidebarUserSelected",
        SnakeButtonOutline = "snakeButtonOutline",
        SvgTagoFont = "svgTagoFont",
        SvgTagoIoHole = "svgTagoIOHole",
        SwitchDisabledBackground = "switchDisabledBackground",
        SwitchSlider = "switchSlider",
        TabBackground = "tabBackground",
        TabLabelBorder = "tabLabelBorder",
        TooltipContainer = "tooltipContainer",
        TooltipText = "tooltipText",
        VerticalTabItem = "verticalTabItem",
        VerticalTabItemBorder = "verticalTabItemBorder",
        WidgetCardBackground = "widgetCardBackground",
        WidgetIconsAccent = "widgetIconsAccent",
        WidgetIconsBackground = "widgetIconsBackground",
        WidgetIconsColor = "widgetIconsColor",
        WidgetIconsFooterBasic = "widgetIconsFooterBasic",
        WidgetIconsFooterPremium = "widgetIconsFooterPremium",
        AuthBgOpacity = "auth_bg_opacity",
        AuthBgSrc = "auth_bg_src",
        AuthBgType = "auth_bg_type",
        AuthFormOpacity = "auth_form_opacity",
    }
}

/// The portal's theme. Options that aren't known are kept, and so are values that aren't text.
///
/// ```
/// use tagoio::run::{Theme, ThemeOption};
///
/// let theme = Theme::new().set(ThemeOption::Navbar, "#1a2b3c").set(ThemeOption::Primary, "#0af");
/// assert_eq!(theme.get(&ThemeOption::Navbar), Some("#1a2b3c"));
/// ```
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Theme(BTreeMap<ThemeOption, Value>);

impl Kept for Theme {
    fn keeps(value: &Value) -> bool {
        value.is_object()
    }
}

impl Theme {
    /// A theme without options.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets an option.
    pub fn set(mut self, option: ThemeOption, value: impl Into<Value>) -> Self {
        self.insert(option, value);
        self
    }

    /// Sets an option, in place.
    pub fn insert(&mut self, option: ThemeOption, value: impl Into<Value>) {
        self.0.insert(option, value.into());
    }

    /// Takes an option out.
    pub fn remove(&mut self, option: &ThemeOption) -> Option<Value> {
        self.0.remove(option)
    }

    /// The text of an option.
    pub fn get(&self, option: &ThemeOption) -> Option<&str> {
        self.value(option).and_then(Value::as_str)
    }

    /// The value of an option, whatever it is.
    pub fn value(&self, option: &ThemeOption) -> Option<&Value> {
        self.0.get(option)
    }

    /// All options, in the order of [`ThemeOption`].
    pub fn iter(&self) -> impl Iterator<Item = (&ThemeOption, &Value)> {
        self.0.iter()
    }
}
