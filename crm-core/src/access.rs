//! Who may do what: the one table. The migrations' grants and policies say the same, and a test walks every cell.

use crate::label::labels;
use crate::{EntityKind, Role};

labels! {
    /// Names what can be done to a row.
    #[non_exhaustive]
    pub enum Action ("action") {
        /// To read it.
        Read = "read",
        /// To create it.
        Create = "create",
        /// To change its fields; for a user name and email.
        Update = "update",
        /// To delete it.
        Delete = "delete",
        /// To give a user another role.
        ChangeRole = "change_role",
        /// To deactivate a user, or to reactivate one.
        Deactivate = "deactivate",
        /// To give a user a new password without knowing the present one.
        SetPassword = "set_password",
        /// To give a user a new password, knowing the present one.
        ChangePassword = "change_password",
    }
}

impl Role {
    /// Tells whether a user with this role may do it, for a user interface to ask beforehand; the database decides again.
    ///
    /// `own` says that the row is the actor's own: the actor's user, or a row that the actor created (not one that is
    /// assigned to the actor, nor one of the trusted system's). What an entity does not have, such as a customer's password,
    /// nobody may do.
    ///
    /// | | admin | user |
    /// |---|---|---|
    /// | users | everything | read; update the own name and email; change the own password |
    /// | customers | everything | read, create, update |
    /// | leads, tasks | everything | read, create, update; delete own |
    /// | interactions | everything | read, create; update and delete own |
    ///
    /// ```
    /// use crm_core::{Action, EntityKind, Role};
    ///
    /// assert!(Role::User.allows(Action::Delete, EntityKind::Lead, true));
    /// assert!(!Role::User.allows(Action::Delete, EntityKind::Lead, false));
    /// assert!(Role::Admin.allows(Action::Delete, EntityKind::Lead, false));
    /// ```
    #[must_use]
    pub const fn allows(self, action: Action, entity: EntityKind, own: bool) -> bool {
        let of_users = matches!(
            action,
            Action::ChangeRole | Action::Deactivate | Action::SetPassword | Action::ChangePassword
        );
        if of_users && !matches!(entity, EntityKind::User) {
            return false;
        }
        match (self, action) {
            (_, Action::ChangePassword) => own,
            (Self::Admin, _) | (Self::User, Action::Read) => true,
            (Self::User, Action::ChangeRole | Action::Deactivate | Action::SetPassword) => false,
            // Each entity by its name, so that the compiler asks what users may do with a new one.
            (Self::User, action) => match entity {
                EntityKind::User => own && matches!(action, Action::Update),
                EntityKind::Customer => matches!(action, Action::Create | Action::Update),
                EntityKind::Lead | EntityKind::Task => own || !matches!(action, Action::Delete),
                EntityKind::Interaction => own || matches!(action, Action::Create),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Writes what a role may do to its own rows and, in brackets, what it may do to those only.
    fn row(role: Role, entity: EntityKind) -> String {
        let cell = |action: &&Action| match (
            role.allows(**action, entity, true),
            role.allows(**action, entity, false),
        ) {
            (true, true) => Some(action.to_string()),
            (true, false) => Some(format!("({action})")),
            (false, other) => {
                assert!(!other, "{role} may {action} {entity} only when it is another's");
                None
            }
        };
        Action::ALL.iter().filter_map(|action| cell(&action)).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn the_table_is_the_contracts() {
        let every = "read create update delete";
        let expected = [
            (EntityKind::User, "(change_password)", "read (update) (change_password)"),
            (EntityKind::Customer, "", "read create update"),
            (EntityKind::Lead, "", "read create update (delete)"),
            (EntityKind::Task, "", "read create update (delete)"),
            (EntityKind::Interaction, "", "read create (update) (delete)"),
        ];
        for (entity, admin, user) in expected {
            let admin = match entity {
                EntityKind::User => format!("{every} change_role deactivate set_password {admin}"),
                _ => every.to_owned(),
            };
            assert_eq!(row(Role::Admin, entity), admin);
            assert_eq!(row(Role::User, entity), user);
        }
    }
}
