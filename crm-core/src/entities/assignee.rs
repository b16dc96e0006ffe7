//! Who works on a lead or a task, as a filter asks it.

use crate::UserId;

/// Selects by the user to whom a lead or a task is assigned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Assignee {
    /// Any of these users.
    AnyOf(Vec<UserId>),
    /// Nobody.
    Unassigned,
}

impl Assignee {
    pub(crate) fn matches(&self, assigned_to: Option<UserId>) -> bool {
        match self {
            Self::AnyOf(users) => assigned_to.is_some_and(|user| users.contains(&user)),
            Self::Unassigned => assigned_to.is_none(),
        }
    }
}

impl From<UserId> for Assignee {
    fn from(user: UserId) -> Self {
        Self::AnyOf(vec![user])
    }
}
