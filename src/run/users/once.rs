use std::collections::HashSet;

use super::{UserQuery, UsersApi};
use crate::error::Result;
use crate::page::{ITER_AMOUNT, Row};

/// How often pages are read at most: where users come and go all the time, there would be no end to it.
const PASSES: usize = 5;

impl UsersApi<'_> {
    /// Takes each user who fits, once. Who goes while pages are read moves others to a page that was read already: so
    /// where there are several, they are read again until nobody new is on them.
    pub(crate) fn each_once<R: Row>(self, query: &UserQuery<R>, mut take: impl FnMut(R) -> Result<()>) -> Result<()> {
        let page = query.amount_or(ITER_AMOUNT);
        let mut seen = HashSet::new();
        for _ in 0..PASSES {
            let (known, mut rows) = (seen.len(), 0);
            for row in self.iter(query) {
                let row = row?;
                rows += 1;
                if row.key().is_some_and(|key| seen.insert(key.into_owned())) {
                    take(row)?;
                }
            }
            if rows < page || seen.len() == known {
                break;
            }
        }
        Ok(())
    }
}
