//! Lists: queries, pages and the iterator over them.

use std::borrow::Cow;
use std::fmt;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::iter::FusedIterator;

use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::prefetch::Prefetched;

/// The direction of a list's order.
///
/// ```
/// use tagoio::Direction;
/// use tagoio::run::{UserOrder, UserQuery};
///
/// let newest_first = UserQuery::new().order_by(UserOrder::CreatedAt, Direction::Descending);
/// # let _ = newest_first;
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(clippy::exhaustive_enums, reason = "there is no third direction")]
pub enum Direction {
    /// From small to large, from old to new, from A to Z.
    #[serde(rename = "asc")]
    Ascending,
    /// From large to small, from new to old, from Z to A.
    #[serde(rename = "desc")]
    Descending,
}

impl Direction {
    /// TagoIO's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ascending => "asc",
            Self::Descending => "desc",
        }
    }
}

/// How many rows `iter()` asks for at once when the query doesn't say. TagoIO allows 10,000.
pub(crate) const ITER_AMOUNT: u32 = 1000;

/// The most rows that TagoIO gives on a page: an iterator that asks for more would take its page for the last one.
pub(crate) const LARGEST_AMOUNT: u32 = 10_000;

/// How many rows `list()` asks for when the query doesn't say: TagoIO's own default.
pub(crate) const LIST_AMOUNT: u32 = 20;

/// A row of a list that can be told from its neighbours.
pub trait Row: serde::de::DeserializeOwned + Send + sealed::Sealed + 'static {
    /// What no other row of the list has.
    #[doc(hidden)]
    fn key(&self) -> Option<Cow<'_, str>>;
}

pub(crate) mod sealed {
    pub trait Sealed {}
}

/// The rows of a list, fetched page by page as they are asked for.
///
/// It ends after the last page (which is shorter than was asked for), after the first error, or when TagoIO sends the
/// same page again. Rows that are created or deleted meanwhile can shift the pages: rows may then be missed or seen
/// twice.
#[must_use = "an iterator fetches nothing until it is iterated over"]
pub struct Rows<T> {
    pages: Box<dyn Iterator<Item = Page<T>> + Send>,
    /// What is left of the page that was taken last.
    left: std::vec::IntoIter<T>,
    /// Whether a thread is to fetch the further pages.
    prefetch: bool,
    done: bool,
}

impl<T: Row> Rows<T> {
    pub(crate) fn new(page: u32, amount: u32, fetch: impl FnMut(u32) -> Result<Vec<T>> + Send + 'static) -> Self {
        Self {
            pages: Box::new(Pages {
                fetch,
                page,
                amount: usize::try_from(amount).unwrap_or(usize::MAX),
                page_before: None,
                done: false,
            }),
            left: Vec::new().into_iter(),
            prefetch: false,
            done: false,
        }
    }

    /// Has the next page fetched in the background while this one is worked on. So a page takes as long as its call or
    /// the work on it, whichever is longer, and not as long as both.
    ///
    /// One page is fetched ahead: it is kept until all rows before it were taken, and only then the one after it is asked
    /// for. So no more than two pages are in memory. The first page is fetched when the first row is asked for, and
    /// nothing is asked for after the last page. Rows, and the error that may end them, come as they come without this:
    /// in order, and once. A panic in the transport comes where the error would be.
    ///
    /// When the iterator is dropped, no further page is asked for. A call that is under way is waited for (its retries,
    /// too, so for as long as the client's [limits](crate::transport::Limits) let it take), and its answer is thrown away:
    /// nothing goes on behind the back of who ended the loop.
    ///
    /// A list of one page needs no thread. Where the system has none to give, pages are fetched as without this.
    ///
    /// ```
    /// use tagoio::Client;
    /// use tagoio::run::UserQuery;
    /// # use tagoio::transport::{Response, from_fn};
    /// # fn work_on(_: tagoio::run::UserInfo) {}
    /// # let one_page = from_fn(|_| Ok(Response::new(200).with_body(r#"{"status":true,"result":[{"id":"1"}]}"#)));
    /// # let tago = Client::builder().token("p-demo").transport(one_page).vars(|_| None).build()?;
    ///
    /// for user in tago.run().users().iter(&UserQuery::new()).prefetch() {
    ///     work_on(user?);
    /// }
    /// # Ok::<(), tagoio::Error>(())
    /// ```
    pub fn prefetch(mut self) -> Self {
        self.prefetch = true;
        self
    }

    fn next_page(&mut self) -> Option<Page<T>> {
        let page = self.pages.next()?;
        if self.prefetch && !page.is_last {
            self.prefetch = false;
            let pages = std::mem::replace(&mut self.pages, Box::new(std::iter::empty()));
            self.pages = match Prefetched::begin(pages) {
                Ok(ahead) => Box::new(ahead),
                Err(pages) => pages,
            };
        }
        Some(page)
    }
}

impl<T: Row> Iterator for Rows<T> {
    type Item = Result<T>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(row) = self.left.next() {
                return Some(Ok(row));
            }
            if self.done {
                return None;
            }
            let Some(Page { rows, is_last }) = self.next_page() else {
                self.done = true;
                return None;
            };
            self.done = is_last;
            match rows {
                Ok(rows) => self.left = rows.into_iter(),
                Err(error) => return Some(Err(error)),
            }
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let here = self.left.len();
        (here, self.done.then_some(here))
    }
}

impl<T: Row> FusedIterator for Rows<T> {}

impl<T> fmt::Debug for Rows<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rows").field("fetched", &self.left.len()).field("done", &self.done).finish_non_exhaustive()
    }
}

/// A page, or why there is none; no other one follows on the last.
struct Page<T> {
    rows: Result<Vec<T>>,
    is_last: bool,
}

/// The pages of a list, each fetched when it is asked for.
struct Pages<F> {
    fetch: F,
    page: u32,
    amount: usize,
    /// What the page before is known again by.
    page_before: Option<u64>,
    done: bool,
}

impl<T: Row, F: FnMut(u32) -> Result<Vec<T>>> Iterator for Pages<F> {
    type Item = Page<T>;

    fn next(&mut self) -> Option<Page<T>> {
        if self.done {
            return None;
        }
        let rows = (self.fetch)(self.page).map(|rows| {
            let this_page = fingerprint(&rows);
            let repeats = this_page.is_some() && this_page == self.page_before;
            self.page_before = this_page;
            if repeats { Vec::new() } else { rows }
        });
        let is_full = rows.as_ref().is_ok_and(|rows| rows.len() >= self.amount);
        self.done = !is_full || self.page == u32::MAX;
        self.page = self.page.saturating_add(1);
        Some(Page { rows, is_last: self.done })
    }
}

/// What a page is known again by: the keys of all its rows. One row is not enough, because not every key is a row's own:
/// tokens may have the same name and have been created in the same moment. A digest, because a key may be a secret.
fn fingerprint<T: Row>(rows: &[T]) -> Option<u64> {
    let mut digest = DefaultHasher::new();
    for row in rows {
        row.key()?.hash(&mut digest);
    }
    (!rows.is_empty()).then(|| digest.finish())
}

/// A query of a list: page, amount, fields, filter and order, and the type of the rows that it gives.
macro_rules! list_query {
    (
        $(#[$meta:meta])*
        pub struct $name:ident<$full:ident, $partial:ident> {
            field: $field:ident,
            order: $order:ident,
            default_fields: $default_fields:expr,
            default_order: ($default_order:expr, $default_direction:expr),
        }
    ) => {
        $(#[$meta])*
        ///
        /// A query that names no fields asks for all that are known to be safe to ask for, and gives complete rows;
        #[doc = concat!("one that does ([`fields`](", stringify!($name), "::fields)) gives [`", stringify!($partial), "`]s.")]
        pub struct $name<R = $full> {
            page: Option<u32>,
            amount: Option<u32>,
            fields: Option<Vec<$field>>,
            filter: serde_json::Map<String, serde_json::Value>,
            order_by: Option<($order, crate::Direction)>,
            row: std::marker::PhantomData<fn() -> R>,
        }

        impl $name {
            /// The first page of everything.
            pub fn new() -> Self {
                Self::of_rows()
            }
        }

        impl Default for $name {
            fn default() -> Self {
                Self::of_rows()
            }
        }

        impl<R> $name<R> {
            fn of_rows() -> Self {
                Self {
                    page: None,
                    amount: None,
                    fields: None,
                    filter: serde_json::Map::new(),
                    order_by: None,
                    row: std::marker::PhantomData,
                }
            }

            /// Which page, from 1.
            pub fn page(mut self, page: u32) -> Self {
                self.page = Some(page);
                self
            }

            /// How many rows on a page: 20 when nothing is said, 10,000 at most.
            pub fn amount(mut self, amount: u32) -> Self {
                self.amount = Some(amount);
                self
            }

            /// Asks for these fields only. TagoIO may leave out some of them, may add others, and answers a field that
            /// it cannot give in a list with an HTTP 500. No field at all leaves the choice to TagoIO.
            pub fn fields(self, fields: impl IntoIterator<Item = $field>) -> $name<$partial> {
                $name {
                    page: self.page,
                    amount: self.amount,
                    fields: Some(fields.into_iter().collect()),
                    filter: self.filter,
                    order_by: self.order_by,
                    row: std::marker::PhantomData,
                }
            }

            /// Sets a filter that has no method of its own. Text is compared as a whole, `*text*` finds a part, and
            /// `null` and what is empty aren't sent.
            pub fn filter(mut self, key: impl Into<String>, value: impl Into<serde_json::Value>) -> Self {
                self.filter.insert(key.into(), value.into());
                self
            }

            /// Sets the order.
            pub fn order_by(mut self, field: $order, direction: crate::Direction) -> Self {
                self.order_by = Some((field, direction));
                self
            }

            #[allow(dead_code, reason = "not every list can be filtered by text")]
            fn text_filter(self, key: &str, value: impl Into<String>) -> Self {
                self.filter(key, value.into())
            }

            /// The page to be asked for; TagoIO's clients take 0 for 1.
            fn first_page(&self) -> u32 {
                self.page.filter(|page| *page > 0).unwrap_or(1)
            }

            fn amount_or(&self, default: u32) -> u32 {
                self.amount.filter(|amount| *amount > 0).unwrap_or(default)
            }

            fn encode(&self, page: u32, amount: u32) -> crate::wire::Query {
                // Enough for all fields and a filter or two.
                let mut query = crate::wire::Query::with_capacity(512);
                query.pair("page", page);
                let fields = self.fields.as_deref().unwrap_or($default_fields);
                query.items("fields", fields);
                query.members("filter", &self.filter);
                query.pair("amount", amount);
                let (field, direction) = match &self.order_by {
                    Some((field, direction)) => (field, *direction),
                    None => (&$default_order, $default_direction),
                };
                query.pair("orderBy", format_args!("{field},{}", direction.as_str()));
                query
            }
        }

        impl<R> Clone for $name<R> {
            fn clone(&self) -> Self {
                Self {
                    page: self.page,
                    amount: self.amount,
                    fields: self.fields.clone(),
                    filter: self.filter.clone(),
                    order_by: self.order_by.clone(),
                    row: std::marker::PhantomData,
                }
            }
        }

        impl<R> PartialEq for $name<R> {
            fn eq(&self, other: &Self) -> bool {
                self.page == other.page
                    && self.amount == other.amount
                    && self.fields == other.fields
                    && self.filter == other.filter
                    && self.order_by == other.order_by
            }
        }

        impl<R> std::fmt::Debug for $name<R> {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                // Filters may hold a token.
                let filters: Vec<_> = self.filter.keys().collect();
                f.debug_struct(stringify!($name))
                    .field("page", &self.page)
                    .field("amount", &self.amount)
                    .field("fields", &self.fields)
                    .field("filter", &filters)
                    .field("order_by", &self.order_by)
                    .finish()
            }
        }

        /// The form of the official clients: `{"page": 1, "amount": 20, "fields": […], "filter": {…}, "orderBy": [field,
        /// "asc"]}`.
        impl<R> serde::Serialize for $name<R> {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
                crate::page::QueryForm {
                    page: self.page,
                    amount: self.amount,
                    fields: self.fields.clone(),
                    filter: Some(self.filter.clone()),
                    order_by: self.order_by.clone(),
                }
                .serialize(serializer)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name<$partial> {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
                let crate::wire::Object(form) = crate::wire::Object::<crate::page::QueryForm<_, _>>::deserialize(deserializer)?;
                Ok(Self {
                    page: form.page,
                    amount: form.amount,
                    fields: form.fields,
                    filter: form.filter.unwrap_or_default(),
                    order_by: form.order_by,
                    row: std::marker::PhantomData,
                })
            }
        }

        /// Refuses `fields`: these rows are complete.
        impl<'de> serde::Deserialize<'de> for $name<$full> {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
                let query = $name::<$partial>::deserialize(deserializer)?;
                if query.fields.is_some() {
                    return Err(serde::de::Error::custom("`fields` can't be chosen where complete rows are wanted"));
                }
                Ok(Self {
                    page: query.page,
                    amount: query.amount,
                    fields: None,
                    filter: query.filter,
                    order_by: query.order_by,
                    row: std::marker::PhantomData,
                })
            }
        }
    };
}

pub(crate) use list_query;

/// A query as the official clients write it.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, bound(deserialize = "F: Deserialize<'de>, O: Deserialize<'de>"))]
pub(crate) struct QueryForm<F, O> {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) page: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) amount: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) fields: Option<Vec<F>>,
    #[serde(default, skip_serializing_if = "is_empty")]
    pub(crate) filter: Option<serde_json::Map<String, serde_json::Value>>,
    #[serde(default, rename = "orderBy", skip_serializing_if = "Option::is_none")]
    pub(crate) order_by: Option<(O, Direction)>,
}

#[expect(clippy::ref_option, reason = "serde's form")]
fn is_empty(filter: &Option<serde_json::Map<String, serde_json::Value>>) -> bool {
    filter.as_ref().is_none_or(serde_json::Map::is_empty)
}
