//! Users: the people who work with the CRM.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::label::labels;
use crate::values::range::any_of;
use crate::{Changes, Filter};
use crate::{
    Check, Credential, Email, Entity, EntityKind, Password, Patch, Range, Repository, Result, UserId, Valid,
    Validate,
};
use crate::{OrderBy, SortKey};

labels! {
    /// Says what a user may do.
    #[derive(Default)]
    pub enum Role ("role") {
        /// May do everything.
        Admin = "admin",
        /// May do the daily work.
        #[default]
        User = "user",
    }
}

/// Is a person who works with the CRM. The password's hash is not among the fields and never leaves the database.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// The key.
    pub id: UserId,
    /// The name, 1 to 255 characters.
    pub name: String,
    /// The email, unique without regard to case.
    pub email: Email,
    /// What the user may do.
    pub role: Role,
    /// When the user was deactivated; nothing while active.
    pub deactivated_at: Option<DateTime<Utc>>,
    /// When the row was made.
    pub created_at: DateTime<Utc>,
    /// When the row was last changed.
    pub updated_at: DateTime<Utc>,
    /// Raised by one with every change.
    pub version: i64,
}

/// Creates a [`User`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewUser {
    /// The name, 1 to 255 characters.
    pub name: String,
    /// The email, at most 254 characters, unique without regard to case.
    pub email: String,
    /// What the user may do.
    pub role: Role,
    /// The password, or its hash in another system.
    pub credential: Credential,
}

impl NewUser {
    /// Describes an ordinary user.
    pub fn new(name: impl Into<String>, email: impl Into<String>, credential: impl Into<Credential>) -> Self {
        let (name, email, credential) = (name.into(), email.into(), credential.into());
        Self { name, email, role: Role::default(), credential }
    }
}

impl Validate for NewUser {
    fn check(&mut self, check: &mut Check) {
        let Self { name, email, role: _, credential } = self;
        check.title("name", name);
        check.email("email", email);
        match credential {
            Credential::Password(password) => check.password("password", password),
            Credential::Hash(hash) => check.password_hash("password_hash", hash),
        }
    }
}

/// Changes a [`User`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct UserPatch {
    /// The name.
    pub name: Patch<String>,
    /// The email.
    pub email: Patch<String>,
    /// What the user may do.
    pub role: Patch<Role>,
}

impl Changes for UserPatch {
    fn is_empty(&self) -> bool {
        let Self { name, email, role } = self;
        name.is_keep() && email.is_keep() && role.is_keep()
    }
}

impl Validate for UserPatch {
    fn check(&mut self, check: &mut Check) {
        let Self { name, email, role } = self;
        check.patch_required("name", name, |check, name| check.title("name", name));
        check.patch_required("email", email, |check, email| check.email("email", email));
        check.patch_required("role", role, |_, _| {});
    }
}

/// Selects users.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserFilter {
    /// Any of these ids.
    pub ids: Option<Vec<UserId>>,
    /// Any of these roles.
    pub role: Option<Vec<Role>>,
    /// Any of these emails, compared without regard to ASCII case.
    pub email: Option<Vec<String>>,
    /// When the row was made.
    pub created: Range<DateTime<Utc>>,
    /// When the row was last changed.
    pub updated: Range<DateTime<Utc>>,
}

impl Filter<User> for UserFilter {
    fn matches(&self, user: &User) -> bool {
        let Self { ids, role, email, created, updated } = self;
        let email_matches = |emails: &Vec<String>| emails.iter().any(|email| user.email.is_sought_by(email));
        any_of(ids.as_ref(), &user.id)
            && any_of(role.as_ref(), &user.role)
            && email.as_ref().is_none_or(email_matches)
            && created.holds(&user.created_at)
            && updated.holds(&user.updated_at)
    }
}

labels! {
    /// Is what a list of users can be ordered by.
    pub enum UserOrderBy ("order") {
        /// By id.
        Id = "id",
        /// By creation.
        CreatedAt = "created_at",
        /// By the last change.
        UpdatedAt = "updated_at",
        /// By name, by code points.
        Name = "name",
    }
}

impl OrderBy for UserOrderBy {
    const ALL: &'static [Self] = Self::ALL;
    const ID: Self = Self::Id;

    fn takes(self, key: &SortKey) -> bool {
        match self {
            Self::Id => matches!(key, SortKey::Id),
            Self::CreatedAt | Self::UpdatedAt => matches!(key, SortKey::Moment(_)),
            Self::Name => matches!(key, SortKey::Text(_)),
        }
    }
}

impl Entity for User {
    const KIND: EntityKind = EntityKind::User;
    type Id = UserId;
    type New = NewUser;
    type Patch = UserPatch;
    type Filter = UserFilter;
    type OrderBy = UserOrderBy;

    fn id(&self) -> UserId {
        self.id
    }

    fn version(&self) -> i64 {
        self.version
    }

    fn sort_key(&self, by: UserOrderBy) -> SortKey {
        match by {
            UserOrderBy::Id => SortKey::Id,
            UserOrderBy::CreatedAt => SortKey::Moment(self.created_at),
            UserOrderBy::UpdatedAt => SortKey::Moment(self.updated_at),
            UserOrderBy::Name => SortKey::Text(self.name.clone()),
        }
    }

    fn reserved(new: &NewUser) -> Option<&'static str> {
        matches!(new.credential, Credential::Hash(_)).then_some("password_hash")
    }
}

/// Stores users.
#[async_trait]
pub trait UserRepository: Repository<User> {
    /// Finds the user with this email, compared without regard to case.
    async fn find_by_email(&self, email: &str) -> Result<Option<User>>;

    /// Checks a login and returns the user. A hash of another system or of other parameters is replaced by one of the
    /// configured parameters, which raises the user's version. An unknown email takes as long as a wrong password. How
    /// often somebody may try is the application's to limit.
    ///
    /// # Errors
    /// `invalid_credentials` for a wrong password, an unknown email and a deactivated user alike; `permission_denied` for an
    /// acting handle: only the trusted system lets people in.
    async fn authenticate(&self, email: &str, password: Password) -> Result<User>;

    /// Replaces a password by one who knows the present one. It ends no session that the application keeps.
    ///
    /// # Errors
    /// `invalid_credentials` for a wrong password, an unknown id and a deactivated user alike; `permission_denied` when
    /// somebody else than the user acts.
    async fn change_password(&self, id: UserId, current: Password, new: Valid<Password>) -> Result<()>;

    /// Replaces a password. It ends no session that the application keeps.
    ///
    /// # Errors
    /// `not_found`.
    async fn set_password(&self, id: UserId, new: Valid<Password>) -> Result<()>;

    /// Deactivates a user, who can neither log in nor act any more; doing it again changes nothing. The last administrator
    /// is no exception: the trusted system can reactivate.
    ///
    /// # Errors
    /// `not_found`.
    async fn deactivate(&self, id: UserId) -> Result<User>;

    /// Takes a deactivated user back; doing it again changes nothing.
    ///
    /// # Errors
    /// `not_found`.
    async fn reactivate(&self, id: UserId) -> Result<User>;
}
