//! `tagoctl run theme`.

use snapbox::str;

use crate::world::World;

#[test]
fn the_theme_is_shown_whole_or_by_one_option() {
    let world = World::new();
    world.tagoctl("run theme get").success().stderr_eq("").stdout_eq(str![[r#"
auth_bg_type       color
buttonPrimary      #0a6ebd
buttonPrimaryText  #ffffff
link               #0a6ebd
loginButton        #0a6ebd
navbar             #0b2239
navbarText         #ffffff
primary            #0a6ebd
sidebarBackground  #f4f7fa

"#]]);
    world.tagoctl("run theme get navbar").success().stderr_eq("").stdout_eq(str![[r#"
#0b2239

"#]]);
    world.tagoctl("run theme get navbar -o json").success().stderr_eq("").stdout_eq(str![[r##"
{
  "navbar": "#0b2239"
}

"##]]);
    world.tagoctl("run theme get tabBackground").code(1).stdout_eq("").stderr_eq(str![[r#"
error: the theme doesn't set `tabBackground`

"#]]);
    world.tagoctl("run theme get navBra").code(2).stdout_eq("").stderr_eq(str![[r#"
error: a theme has no option `navBra`; did you mean `navbar`?

"#]]);
}

#[test]
fn options_are_set_and_the_others_stay() {
    let world = World::new();
    world
        .tagoctl("run theme set navbar=#000 'tabBackground=rgba(10, 110, 189, 0.5)' --dry-run")
        .success()
        .stdout_eq("")
        .stderr_eq(str![[r##"
theme.navbar: "#0b2239" → "#000"
theme.tabBackground: nothing → "rgba(10, 110, 189, 0.5)"
nothing was changed: it was a dry run

"##]]);
    world
        .tagoctl("run theme set navbar=#000 'tabBackground=rgba(10, 110, 189, 0.5)'")
        .success()
        .stdout_eq("")
        .stderr_eq(str![[r##"
theme.navbar: "#0b2239" → "#000"
theme.tabBackground: nothing → "rgba(10, 110, 189, 0.5)"
TagoIO Run Successfully Updated

"##]]);
    world.tagoctl("run theme get").success().stderr_eq("").stdout_eq(str![[r#"
auth_bg_type       color
buttonPrimary      #0a6ebd
buttonPrimaryText  #ffffff
link               #0a6ebd
loginButton        #0a6ebd
navbar             #000
navbarText         #ffffff
primary            #0a6ebd
sidebarBackground  #f4f7fa
tabBackground      rgba(10, 110, 189, 0.5)

"#]]);
    world.tagoctl("run theme set navbar=#000").success().stdout_eq("").stderr_eq(str![[r#"
it is so already: nothing to change

"#]]);
}

#[test]
fn a_slip_in_an_option_or_a_colour_changes_nothing() {
    let world = World::new();
    let before = world.stdout("run theme get -o json");
    world.tagoctl("run theme set primary=#111 navbra=#000").code(2).stdout_eq("").stderr_eq(str![[r#"
error: a theme has no option `navbra`; did you mean `navbar`?

"#]]);
    world.tagoctl("run theme set primary=#111 navbar=#00").code(2).stdout_eq("").stderr_eq(str![[r#"
error: navbar: `#00` is not a colour such as #1a2b3c or rgba(26, 43, 60, 0.5)
hint: --allow-unknown sends it all the same

"#]]);
    world.tagoctl("run theme set navbar").code(2).stdout_eq("").stderr_eq(str![[r#"
error: invalid value 'navbar' for '<KEY=COLOUR>...': it needs a `=`, with something before it

For more information, try '--help'.

"#]]);
    assert_eq!(world.stdout("run theme get -o json"), before);
    world.tagoctl("run theme set brandNew=teal --allow-unknown").success().stdout_eq("").stderr_eq(str![[r#"
theme.brandNew: nothing → "teal"
TagoIO Run Successfully Updated

"#]]);
    world.tagoctl("run theme get brandNew").success().stderr_eq("").stdout_eq("teal\n");
}
