//! Lists and their pages. Paging is by position (keyset), never by offset, so a far page costs what the
//! first does and rows that come or go meanwhile neither repeat nor hide others.

use serde::Serialize;

use crate::errors::Broken;
use crate::validation::both;
use crate::{Cursor, Entity, Order, OrderBy as _, Position, Result, ViolationCode};

/// One page of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Page<T> {
    /// The rows, in order.
    pub items: Vec<T>,
    /// Where the next page begins; nothing on the last one.
    pub next_cursor: Option<Cursor>,
}

impl<T> Page<T> {
    /// Makes a page of up to `limit` rows from up to `limit + 1`: the extra row only tells that there are more.
    pub fn from_rows(mut items: Vec<T>, limit: usize, cursor: impl FnOnce(&T) -> Cursor) -> Self {
        let more = items.len() > limit;
        items.truncate(limit);
        let next_cursor = if more { items.last().map(cursor) } else { None };
        Self { items, next_cursor }
    }
}

/// The number of rows of a page when the caller gives none.
pub const DEFAULT_LIMIT: u32 = 50;

/// The largest number of rows of a page.
pub const MAX_LIMIT: u32 = 1_000;

/// Checks a page's limit.
///
/// # Errors
/// `validation` unless it is 1 to 1,000.
pub fn check_limit(limit: u32) -> Result<usize> {
    if (1..=MAX_LIMIT).contains(&limit) {
        return Ok(limit as usize);
    }
    Err(Broken::new(ViolationCode::OutOfRange, format!("must be 1 to {MAX_LIMIT}, not {limit}")).on("limit"))
}

/// Checks how many of the latest interactions an overview asks for.
///
/// # Errors
/// `validation` unless it is 0 to 1,000.
pub fn check_recent(recent: u32) -> Result<usize> {
    if recent <= MAX_LIMIT {
        return Ok(recent as usize);
    }
    Err(Broken::new(ViolationCode::OutOfRange, format!("must be 0 to {MAX_LIMIT}, not {recent}"))
        .on("recent"))
}

/// Asks for one page of a list.
///
/// ```
/// use crm_core::{Customer, CustomerFilter, CustomerOrderBy, List, Order};
/// let list = List::<Customer>::new()
///     .filter(CustomerFilter { company: Some(vec!["Acme Corp".into()]), ..Default::default() })
///     .order(Order::ascending(CustomerOrderBy::Name))
///     .limit(20);
/// ```
#[derive(Clone, Debug)]
pub struct List<E: Entity> {
    /// Which rows.
    pub filter: E::Filter,
    /// In which order.
    pub order: Order<E::OrderBy>,
    /// How many at the most, 1 to 1,000.
    pub limit: u32,
    /// Where to go on; nothing begins at the top.
    pub cursor: Option<Cursor>,
}

impl<E: Entity> Default for List<E> {
    fn default() -> Self {
        Self { filter: E::Filter::default(), order: Order::default(), limit: DEFAULT_LIMIT, cursor: None }
    }
}

impl<E: Entity> List<E> {
    /// Asks for the 50 newest rows.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets which rows.
    #[must_use]
    pub fn filter(mut self, filter: E::Filter) -> Self {
        self.filter = filter;
        self
    }

    /// Sets the order.
    #[must_use]
    pub const fn order(mut self, order: Order<E::OrderBy>) -> Self {
        self.order = order;
        self
    }

    /// Sets how many rows at the most, 1 to 1,000.
    #[must_use]
    pub const fn limit(mut self, limit: u32) -> Self {
        self.limit = limit;
        self
    }

    /// Goes on where a page ended.
    #[must_use]
    pub fn after(mut self, cursor: impl Into<Option<Cursor>>) -> Self {
        self.cursor = cursor.into();
        self
    }

    /// Reads the limit and the position to begin after.
    ///
    /// # Errors
    /// `validation` for a limit out of range and for a cursor that is not of this list and order.
    pub fn start(&self) -> Result<(usize, Option<Position>)> {
        let order = self.order.to_string();
        let decode =
            |cursor: &Cursor| cursor.decode(E::KIND.plural(), &order, |key| self.order.by.takes(key));
        both(check_limit(self.limit), self.cursor.as_ref().map(decode).transpose())
    }

    /// Makes the page of the rows found, of which there may be one more than the limit.
    #[must_use]
    pub fn page(&self, rows: Vec<E>) -> Page<E> {
        Page::from_rows(rows, self.limit as usize, |last| {
            Cursor::encode(E::KIND.plural(), &self.order.to_string(), &last.position(self.order.by))
        })
    }
}
