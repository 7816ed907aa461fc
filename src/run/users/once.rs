use std::collections::HashSet;

use super::{UserQuery, UsersApi};
use crate::error::Result;
use crate::page::{ITER_AMOUNT, Row};

/// How often the pages of a list are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Passes {
    /// Once. Who goes meanwhile moves others to a page that was read already: they are missed.
    One,
    /// Until nobody new is on them, where there are several.
    UntilNobodyIsNew,
}

impl Passes {
    /// Where users come and go all the time, there would be no end to it.
    const MOST: usize = 5;

    fn at_most(self) -> usize {
        match self {
            Self::One => 1,
            Self::UntilNobodyIsNew => Self::MOST,
        }
    }
}

impl UsersApi<'_> {
    /// Takes each user who fits once, or the error that ends it.
    pub(crate) fn each_once<R: Row, E>(
        self,
        query: &UserQuery<R>,
        passes: Passes,
        mut take: impl FnMut(Result<R>) -> Result<(), E>,
    ) -> Result<(), E> {
        let page = query.amount_or(ITER_AMOUNT);
        let mut seen = HashSet::new();
        for _ in 0..passes.at_most() {
            let (known, mut rows) = (seen.len(), 0);
            for row in self.iter(query) {
                rows += 1;
                let is_known = |row: &R| !row.key().is_some_and(|key| seen.insert(key.into_owned()));
                if !row.as_ref().is_ok_and(is_known) {
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
