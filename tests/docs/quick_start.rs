//! What `docs/quick-start.md` says that its first program prints. That the program runs, the doc tests say.

use tagoio::ProfileId;
use tagoio::run::{NewUser, UserEdit, UserQuery};
use tagoio::sandbox::Sandbox;

use crate::page::Page;

#[test]
fn the_first_program_prints_what_the_page_says() {
    let tago = Sandbox::new().client().unwrap();
    let me = tago.profile().info(ProfileId::CURRENT).unwrap();
    let jane = NewUser::new("Jane Doe", "jane.doe@example.com", "Europe/Lisbon").generate_password(true);
    let id = tago.run().users().create(&jane.tag("site", "lisbon")).unwrap();
    tago.run().users().edit(&id, &UserEdit::new().phone("+351 21 555 0100")).unwrap();
    let users: Vec<_> = tago.run().users().iter(&UserQuery::new().tag("site", "lisbon")).map(Result::unwrap).collect();

    let mut printed = vec![format!("the profile is {}", me.info.name)];
    printed.extend(users.iter().map(|user| format!("{} <{}> {:?}", user.name, user.email, user.phone)));
    let page = Page::read("docs/quick-start.md");
    let said = page.blocks().into_iter().find(|block| block.info == "text").expect("a block of text");
    assert_eq!(printed, said.lines);
}
