//! What a program holds that works in the name of a user.

use async_trait::async_trait;
use crm_core::{Result, Store, Transaction, UserId};
use tracing::instrument;

use crate::Tx;
use crate::connection::session::Session;

/// Is a CRM in the name of one of its users, made by [`Crm::acting_as`](crate::Crm::acting_as). It has the same repositories,
/// reports and transactions, may do what the user's role allows ([`Role::allows`](crm_core::Role::allows)), and `created_by`
/// and `updated_by` name the user. It is cheap to make, to clone and to drop: one a request.
///
/// PostgreSQL itself decides, as every operation runs under the database role of the user. The role is looked at on each
/// operation, in a transaction once; a user who is gone or deactivated gets `permission_denied`.
///
/// ```no_run
/// # async fn example(crm: crm_postgres::Crm) -> crm_postgres::Result<()> {
/// use crm_postgres::prelude::*;
///
/// let ann = crm.users().authenticate("ann@example.com", Password::new("correct horse")).await?;
/// let crm = crm.acting_as(ann.id);
/// let acme = crm.customers().create(NewCustomer::new("Acme Corporation").validate()?).await?;
/// assert_eq!(acme.created_by, Some(ann.id));
/// let refused = crm.customers().delete(acme.id).await.unwrap_err();
/// assert_eq!(refused.code(), ErrorCode::PermissionDenied);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct Acting {
    session: Session,
    actor: UserId,
}

impl Acting {
    pub(crate) fn new(trusted: &Session, actor: UserId) -> Self {
        Self { session: Session { actor: Some(actor), ..trusted.clone() }, actor }
    }

    pub(crate) const fn session(&self) -> &Session {
        &self.session
    }

    /// Returns the user in whose name this works.
    #[must_use]
    pub const fn actor(&self) -> UserId {
        self.actor
    }

    /// Begins a transaction in the user's name.
    ///
    /// # Errors
    /// `permission_denied` when the user is gone or deactivated; `timeout`, `unavailable`, `schema`, `closed`.
    #[instrument(name = "crm.begin", skip_all, fields(actor = %self.actor))]
    pub async fn begin(&self) -> Result<Tx> {
        Tx::begin_on_pool(&self.session, "begin").await
    }
}

crm_core::hand_out!(Acting, session);

#[async_trait]
impl Store for Acting {
    async fn begin(&self) -> Result<Box<dyn Transaction>> {
        Ok(Box::new(Acting::begin(self).await?))
    }
}
