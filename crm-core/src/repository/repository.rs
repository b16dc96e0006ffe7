//! The repository of an entity: what can be done with the rows of every one.

use async_trait::async_trait;
use futures_core::stream::BoxStream;

use crate::{Entity, List, Order, Page, Result, Valid};

/// Stores the rows of one entity.
///
/// Every method may fail with `timeout`, `unavailable`, `serialization`, `schema`, `closed`, `permission_denied` or
/// `internal`; what else can happen stands with the method.
#[async_trait]
pub trait Repository<E: Entity>: Send + Sync {
    /// Creates a row and returns it as stored.
    ///
    /// # Errors
    /// `conflict` when a unique value is taken, `missing_reference` when a reference points at nothing.
    async fn create(&self, new: Valid<E::New>) -> Result<E>;

    /// Creates many rows, all or none, and returns their ids in order. 100,000 rows is a normal call.
    ///
    /// # Errors
    /// As [`create`](Self::create); the field names the row, `[50].email` for the 51st.
    async fn create_many(&self, new: Vec<Valid<E::New>>) -> Result<Vec<E::Id>>;

    /// Reads a row.
    ///
    /// # Errors
    /// `not_found`.
    async fn get(&self, id: E::Id) -> Result<E>;

    /// Reads a row, if there is one.
    async fn find(&self, id: E::Id) -> Result<Option<E>>;

    /// Reads rows in the order asked: repeats are repeated, missing ones left out.
    async fn get_many(&self, ids: &[E::Id]) -> Result<Vec<E>>;

    /// Reads one page.
    ///
    /// # Errors
    /// `validation` for a limit out of range and for a cursor that is not of this list and order.
    async fn list(&self, list: &List<E>) -> Result<Page<E>>;

    /// Reads any number of rows from one snapshot, in bounded memory. The stream holds a connection until it ends or is
    /// dropped; `futures_util::TryStreamExt` reads it with `while let Some(row) = stream.try_next().await? { … }`.
    fn stream(&self, filter: E::Filter, order: Order<E::OrderBy>) -> BoxStream<'_, Result<E>>;

    /// Counts rows.
    async fn count(&self, filter: &E::Filter) -> Result<i64>;

    /// Changes a row and returns it as stored. An empty patch changes nothing, any other raises the version.
    ///
    /// # Errors
    /// `not_found`; `conflict` when the row's version is not `expected_version` or a unique value is taken;
    /// `missing_reference`.
    async fn update(&self, id: E::Id, patch: Valid<E::Patch>, expected_version: Option<i64>) -> Result<E>;

    /// Deletes a row.
    ///
    /// # Errors
    /// `not_found`.
    async fn delete(&self, id: E::Id) -> Result<()>;
}
