//! `tagoctl run user list`.

use clap::{Args as ClapArgs, ValueEnum};
use tagoio::Direction;
use tagoio::run::{UserField, UserOrder, UserQuery};

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
pub(super) struct Args {
    #[command(flatten)]
    filter: Filter,
    /// What the list is ordered by
    #[arg(long, value_enum, default_value_t = Order::Name)]
    order_by: Order,
    /// Turn the order round
    #[arg(long)]
    desc: bool,
    /// Show so many users at most
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    limit: Option<u32>,
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
        if out.shows_whole_rows() {
            return out.rows(&COLUMNS, users.iter(&query).take(limit));
        }
        let mut fields: Vec<UserField> =
            columns.iter().filter_map(|path| path.split('.').next()).map(UserField::from).collect();
        fields.dedup();
        out.rows(&COLUMNS, users.iter(&query.fields(fields)).take(limit))
    }

    fn query(&self) -> UserQuery {
        let direction = if self.desc { Direction::Descending } else { Direction::Ascending };
        let amount = self.limit.map_or(PAGE, |limit| limit.min(PAGE));
        self.filter.query().order_by(self.order_by.into(), direction).amount(amount)
    }
}
