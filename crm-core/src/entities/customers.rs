//! Customers.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::label::labels;
use crate::values::range::{any_of, is_sought};
use crate::{Changes, Filter};
use crate::{
    Check, CustomerId, Email, Entity, EntityKind, Interaction, Lead, Patch, Range, Repository, Result,
    SearchText, Task, UserId, Valid, Validate, text,
};
use crate::{OrderBy, SortKey};

/// Is a customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Customer {
    /// The key.
    pub id: CustomerId,
    /// The name, 1 to 255 characters.
    pub name: String,
    /// The email; it need not be unique.
    pub email: Option<Email>,
    /// The phone number as people write it, at most 50 characters.
    pub phone: Option<String>,
    /// The company, at most 255 characters.
    pub company: Option<String>,
    /// At most 100 tags of at most 64 characters, in the order given.
    pub tags: Vec<String>,
    /// Notes, at most 100,000 characters.
    pub notes: Option<String>,
    /// Who made the row; nothing when the system did, or the user is gone.
    pub created_by: Option<UserId>,
    /// Who last changed the row; nothing when the system did, or the user is gone.
    pub updated_by: Option<UserId>,
    /// When the row was made.
    pub created_at: DateTime<Utc>,
    /// When the row was last changed.
    pub updated_at: DateTime<Utc>,
    /// Raised by one with every change.
    pub version: i64,
}

/// Creates a [`Customer`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NewCustomer {
    /// The name, 1 to 255 characters.
    pub name: String,
    /// The email.
    pub email: Option<String>,
    /// The phone number: at least 3 digits of any script, at most 50 characters. Spaces, dashes and digits become ASCII.
    pub phone: Option<String>,
    /// The company, at most 255 characters.
    pub company: Option<String>,
    /// At most 100 tags of at most 64 characters; duplicates without regard to case are dropped.
    pub tags: Vec<String>,
    /// Notes, at most 100,000 characters.
    pub notes: Option<String>,
    /// Who made the row; only the trusted system says so, an acting handle leaves it out.
    pub created_by: Option<UserId>,
}

impl NewCustomer {
    /// Describes a customer of whom only the name is known.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }
}

impl Validate for NewCustomer {
    fn check(&mut self, check: &mut Check) {
        let Self { name, email, phone, company, tags, notes, created_by: _ } = self;
        check.title("name", name);
        check.optional_email("email", email);
        check.phone("phone", phone);
        check.line("company", company, text::MAX_LINE);
        check.tags("tags", tags);
        check.prose("notes", notes);
    }
}

/// Changes a [`Customer`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CustomerPatch {
    /// The name.
    pub name: Patch<String>,
    /// The email.
    pub email: Patch<String>,
    /// The phone number.
    pub phone: Patch<String>,
    /// The company.
    pub company: Patch<String>,
    /// The tags, all of them.
    pub tags: Patch<Vec<String>>,
    /// The notes.
    pub notes: Patch<String>,
}

impl Changes for CustomerPatch {
    fn is_empty(&self) -> bool {
        let Self { name, email, phone, company, tags, notes } = self;
        [name, email, phone, company, notes].into_iter().all(Patch::is_keep) && tags.is_keep()
    }
}

impl Validate for CustomerPatch {
    fn check(&mut self, check: &mut Check) {
        let Self { name, email, phone, company, tags, notes } = self;
        check.patch_required("name", name, |check, name| check.title("name", name));
        check.patch(email, |check, email| check.optional_email("email", email));
        check.patch(phone, |check, phone| check.phone("phone", phone));
        check.patch(company, |check, company| check.line("company", company, text::MAX_LINE));
        if let Patch::Set(tags) = tags {
            check.tags("tags", tags);
        }
        check.patch(notes, |check, notes| check.prose("notes", notes));
    }
}

/// Is a list of tags to add or to remove.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tags(pub Vec<String>);

impl<T: Into<String>> FromIterator<T> for Tags {
    fn from_iter<I: IntoIterator<Item = T>>(tags: I) -> Self {
        Self(tags.into_iter().map(Into::into).collect())
    }
}

impl Validate for Tags {
    fn check(&mut self, check: &mut Check) {
        check.tags("tags", &mut self.0);
    }
}

/// Selects customers. Texts are compared with case, as given and as validation stores them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CustomerFilter {
    /// Any of these ids.
    pub ids: Option<Vec<CustomerId>>,
    /// Having any of these tags.
    pub tags_any: Option<Vec<String>>,
    /// Having all of these tags.
    pub tags_all: Option<Vec<String>>,
    /// Any of these companies.
    pub company: Option<Vec<String>>,
    /// Any of these emails, compared without regard to ASCII case.
    pub email: Option<Vec<String>>,
    /// Words in name, email, company and phone: `Some("acme".parse()?)`.
    pub text: Option<SearchText>,
    /// When the row was made.
    pub created: Range<DateTime<Utc>>,
    /// When the row was last changed.
    pub updated: Range<DateTime<Utc>>,
}

impl Filter<Customer> for CustomerFilter {
    fn matches(&self, customer: &Customer) -> bool {
        let Self { ids, tags_any, tags_all, company, email, text, created, updated } = self;
        let has_tag = |sought: &String| customer.tags.iter().any(|tag| is_sought(sought, tag));
        let is_of =
            |sought: &String| customer.company.as_ref().is_some_and(|company| is_sought(sought, company));
        let has_email =
            |sought: &String| customer.email.as_ref().is_some_and(|email| email.is_sought_by(sought));
        let texts = || {
            let Customer { name, email, company, phone, .. } = customer;
            [Some(name.as_str()), email.as_ref().map(Email::as_str), company.as_deref(), phone.as_deref()]
        };
        any_of(ids.as_ref(), &customer.id)
            && tags_any.as_ref().is_none_or(|tags| tags.iter().any(has_tag))
            && tags_all.as_ref().is_none_or(|tags| tags.iter().all(has_tag))
            && company.as_ref().is_none_or(|companies| companies.iter().any(is_of))
            && email.as_ref().is_none_or(|emails| emails.iter().any(has_email))
            && text.as_ref().is_none_or(|text| text.matches(texts().into_iter().flatten()))
            && created.holds(&customer.created_at)
            && updated.holds(&customer.updated_at)
    }
}

labels! {
    /// Is what a list of customers can be ordered by.
    pub enum CustomerOrderBy ("order") {
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

impl OrderBy for CustomerOrderBy {
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

impl Entity for Customer {
    const KIND: EntityKind = EntityKind::Customer;
    type Id = CustomerId;
    type New = NewCustomer;
    type Patch = CustomerPatch;
    type Filter = CustomerFilter;
    type OrderBy = CustomerOrderBy;

    fn id(&self) -> CustomerId {
        self.id
    }

    fn version(&self) -> i64 {
        self.version
    }

    fn sort_key(&self, by: CustomerOrderBy) -> SortKey {
        match by {
            CustomerOrderBy::Id => SortKey::Id,
            CustomerOrderBy::CreatedAt => SortKey::Moment(self.created_at),
            CustomerOrderBy::UpdatedAt => SortKey::Moment(self.updated_at),
            CustomerOrderBy::Name => SortKey::Text(self.name.clone()),
        }
    }

    fn reserved(new: &NewCustomer) -> Option<&'static str> {
        new.created_by.map(|_| "created_by")
    }
}

/// Says how many customers have a tag.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TagCount {
    /// The tag, in this spelling.
    pub tag: String,
    /// How many customers have it.
    pub count: i64,
}

/// Is what one needs to know before calling a customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CustomerOverview {
    /// The customer.
    pub customer: Customer,
    /// The leads that are not closed, newest first.
    pub open_leads: Vec<Lead>,
    /// The tasks that are not completed, newest first.
    pub open_tasks: Vec<Task>,
    /// The latest interactions, newest first.
    pub recent_interactions: Vec<Interaction>,
}

/// Stores customers. Deleting one deletes its leads, tasks and interactions.
#[async_trait]
pub trait CustomerRepository: Repository<Customer> {
    /// Adds tags, leaving out those that are there already without regard to case. No concurrent change is lost.
    ///
    /// # Errors
    /// `not_found`; `validation` when there would be more than [`MAX_TAGS`](crate::MAX_TAGS).
    async fn add_tags(&self, id: CustomerId, tags: Valid<Tags>) -> Result<Customer>;

    /// Removes tags, compared without regard to case. No concurrent change is lost.
    ///
    /// # Errors
    /// `not_found`.
    async fn remove_tags(&self, id: CustomerId, tags: Valid<Tags>) -> Result<Customer>;

    /// Counts the customers of each tag, most used first, then by tag. It reads every customer.
    async fn tag_counts(&self) -> Result<Vec<TagCount>>;

    /// Reads a customer with its open leads and tasks and its latest `recent` interactions (0 to 1,000), in one round trip.
    ///
    /// # Errors
    /// `not_found`; `validation` when `recent` is out of range.
    async fn overview(&self, id: CustomerId, recent: u32) -> Result<CustomerOverview>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_that_is_not_known_is_refused_and_one_left_out_is_kept() {
        assert!(serde_json::from_str::<NewCustomer>(r#"{"nmae": "Acme"}"#).is_err());
        assert!(serde_json::from_str::<CustomerPatch>(r#"{"nmae": "Acme"}"#).is_err());
        let patch: CustomerPatch = serde_json::from_str(r#"{"name": "Acme", "phone": null}"#).unwrap();
        assert_eq!(
            (patch.name, patch.phone, patch.email),
            (Patch::Set("Acme".into()), Patch::Clear, Patch::Keep)
        );
    }

    #[test]
    fn a_field_that_cannot_be_null_cannot_be_cleared_and_the_others_can() {
        let cleared = CustomerPatch {
            name: Patch::Clear,
            email: Patch::Clear,
            phone: Patch::Clear,
            company: Patch::Clear,
            tags: Patch::Clear,
            notes: Patch::Clear,
        };
        let error = cleared.validate().unwrap_err();
        let fields: Vec<_> = error.violations().iter().map(|violation| violation.field.as_str()).collect();
        assert_eq!(fields, ["name"]);
    }
}
