//! In whose name a call is made, and what that user may do to a row.

use super::session::Failure;
use super::table::{Row, State};
use crate::{Action, DenialReason, EntityKind, Error, Role, UserId};

/// Says in whose name a call is made.
#[derive(Clone, Copy, Debug)]
pub(super) enum By {
    Trusted,
    User(Actor),
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Actor {
    pub(super) id: UserId,
    pub(super) role: Role,
    /// Whether the user was deleted after the transaction began.
    pub(super) is_gone: bool,
}

/// Finds the user who acts, whom everybody but the gone and the retired may be.
pub(super) fn look_up(state: &State, id: UserId) -> Result<Actor, Failure> {
    let user = state.users.find(id).filter(|user| user.deactivated_at.is_none());
    user.map(|user| Actor { id, role: user.role, is_gone: false }).ok_or_else(|| {
        let message = format!("user {id} is deactivated or does not exist");
        Failure::by_database(Error::denied(DenialReason::Actor, message))
    })
}

impl By {
    /// Returns the user whom the audit columns name.
    pub(super) const fn user(self) -> Option<UserId> {
        match self {
            Self::Trusted => None,
            Self::User(actor) => Some(actor.id),
        }
    }

    /// Tells whether it is the user who acts and is gone meanwhile.
    pub(super) fn lost(self, user: UserId) -> bool {
        matches!(self, Self::User(actor) if actor.is_gone && actor.id == user)
    }

    /// Refuses what the role may do to no row at all, as the database's grants do.
    pub(super) fn need(self, action: Action, entity: EntityKind) -> Result<(), Failure> {
        match self {
            Self::User(actor) if !actor.role.allows(action, entity, true) => {
                let message =
                    format!("the role of user {} does not allow this to {}", actor.id, entity.plural());
                Err(Failure::by_database(Error::denied(DenialReason::Role, message)))
            }
            _ => Ok(()),
        }
    }

    /// Refuses what the role may do to the actor's own rows, as row security does, which makes the library explain why
    /// nothing was changed.
    pub(super) fn need_for<E: Row>(self, action: Action, row: &E) -> Result<(), Failure> {
        match self {
            Self::User(Actor { id, role, .. }) if !role.allows(action, E::KIND, row.is_own(id)) => {
                let action = if action == Action::Delete { "delete" } else { "change" };
                let message = format!("user {id} may not {action} {} {}", E::KIND, row.id());
                Err(Error::denied(DenialReason::Row, message).into())
            }
            _ => Ok(()),
        }
    }

    /// Makes the error of a field that refers to nobody; an audit column of an actor's does when the actor is gone.
    pub(super) fn missing(self, field: &'static str, name: impl FnOnce(&str) -> String) -> Error {
        match self.user() {
            Some(actor) if field == "created_by" || field == "updated_by" => {
                Error::denied(DenialReason::Actor, format!("user {actor} does not exist any more"))
            }
            _ => Error::MissingReference { field: name(field) },
        }
    }
}
