//! `tagoctl run user list`.

use std::collections::BTreeSet;

use clap::{Args as ClapArgs, ValueEnum};
use serde_json::{Value, json};
use tagoio::Direction;
use tagoio::run::{UserField, UserOrder, UserQuery, UserRow};

use super::filter::Filter;
use crate::connect::Context;
use crate::failure::Result;
use crate::output::Columns;

pub(super) const EXAMPLES: &str = "\
Examples:
  tagoctl run user list --tag site=lisbon --active true
  tagoctl run user list --order-by last_login --desc --limit 10
  tagoctl run user list --email '*@example.com' --columns email,tags -o csv";

const COLUMNS: Columns = Columns::new(
    &["id", "name", "email", "active", "last_login", "tags"],
    &["timezone", "company", "phone", "language", "created_at", "updated_at"],
);

/// How many rows TagoIO is asked for at once.
const PAGE: u32 = 1000;

#[derive(Debug, ClapArgs)]
pub(crate) struct Args {
    /// What the list is ordered by
    #[arg(long, value_enum, value_name = "FIELD", default_value_t = Order::Name)]
    order_by: Order,
    /// Turn the order round
    #[arg(long)]
    desc: bool,
    /// Show so many users at most
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    limit: Option<u32>,
    #[command(flatten)]
    filter: Filter,
}

/// TagoIO orders users by nothing else.
#[derive(Debug, Clone, Copy, ValueEnum)]
#[value(rename_all = "snake_case")]
enum Order {
    Name,
    Active,
    LastLogin,
    CreatedAt,
    UpdatedAt,
}

/// The fields that TagoIO is asked for.
fn fields_of(columns: &[String]) -> Vec<UserField> {
    let names: BTreeSet<&str> = columns.iter().filter_map(|path| path.split('.').next()).collect();
    names.into_iter().map(UserField::from).collect()
}

/// A row without what lists don't tell: a null would say that there is none.
fn only(fields: &[UserField], row: &UserRow) -> Value {
    let mut row = json!(row);
    if let Some(row) = row.as_object_mut() {
        row.retain(|name, _| fields.iter().any(|field| field.as_str() == name));
    }
    row
}

impl From<Order> for UserOrder {
    fn from(order: Order) -> Self {
        match order {
            Order::Name => Self::Name,
            Order::Active => Self::Active,
            Order::LastLogin => Self::LastLogin,
            Order::CreatedAt => Self::CreatedAt,
            Order::UpdatedAt => Self::UpdatedAt,
        }
    }
}

impl Args {
    pub(super) fn run(self, context: &Context<'_>) -> Result<()> {
        let out = context.out;
        let columns = out.chosen(&COLUMNS)?;
        let client = context.client()?;
        let users = client.run().users();
        let query = self.query();
        let limit = self.limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
        let fields = if out.shows_whole_rows() { UserField::KNOWN.to_vec() } else { fields_of(&columns) };
        let rows = users.iter(&query.fields(fields.clone())).take(limit);
        out.rows(&COLUMNS, rows.map(|row| row.map(|row| only(&fields, &row))))
    }

    fn query(&self) -> UserQuery {
        let direction = if self.desc { Direction::Descending } else { Direction::Ascending };
        let amount = self.limit.map_or(PAGE, |limit| limit.min(PAGE));
        self.filter.query().order_by(self.order_by.into(), direction).amount(amount)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_fields_of_the_columns_are_asked_for() {
        for (columns, fields) in [
            (&["email"][..], &[UserField::Email][..]),
            (&["tags", "email", "tags.0"], &[UserField::Email, UserField::Tags]),
        ] {
            let columns: Vec<String> = columns.iter().map(ToString::to_string).collect();
            assert_eq!(fields_of(&columns), fields);
        }
        let row: UserRow = serde_json::from_value(json!({"id": "1", "email": "a@x.io"})).unwrap();
        assert_eq!(only(&[UserField::Email, UserField::Phone], &row), json!({"email": "a@x.io", "phone": null}));
    }
}
