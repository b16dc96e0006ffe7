//! What entities have in common: the traits of a row, its orders and pages, and its repository.

pub(crate) mod entity;
mod order;
mod page;
#[expect(clippy::module_inception, reason = "the trait that the others belong to")]
mod repository;

pub use entity::{Changes, Entity, Filter};
pub use order::{Cursor, Order, OrderBy, Position, SortKey};
pub use page::{DEFAULT_LIMIT, List, MAX_LIMIT, Page, check_limit, check_recent};
pub use repository::Repository;
