//! Logins, passwords, and what is refused: to a user who may not, and to anybody where there is nothing.

use crm_core::{
    CustomerId, ErrorCode, Lead, LeadId, List, NewInteraction, NewUser, Password, Repositories as _, Store,
    Tags, UserId,
};

use super::writes::valid;
use super::{Called, Client, Fault, Op};

const USERS: Op = Op::write("users", "set_password");

impl Client {
    /// Gives one of the client's users a password, and lets the user in with it or not.
    pub(super) async fn set_password(&mut self, at: usize, store: &dyn Store) -> Called<()> {
        let row = self.ledger.ring[at].clone();
        let password = format!("password {}", self.random.u32(..));
        let set =
            self.call(USERS, store.users().set_password(UserId(row.id), valid(Password::new(&*password))));
        match set.await {
            // Each of what follows may raise the version by one.
            Ok(()) | Err(Fault::Unknown) => self.ledger.ring[at].unknown += 3,
            Err(fault) => return Err(fault),
        }
        let email = format!("{}-{}@example.com", self.ledger.client, row.number);
        // The user may be deactivated, and of a call that was lost nobody knows whether it set the password.
        let op = Op { name: "authenticate", ..USERS }.may(&[ErrorCode::InvalidCredentials]);
        let user =
            self.call(op, self.crm.clone().users().authenticate(&email, Password::new(&*password))).await?;
        self.check(user.id.0 == row.id, || format!("{email} is let in as {user:?}"));
        let new = valid(Password::new(format!("{password}!")));
        let op = Op { name: "change_password", ..op };
        let crm = self.crm.acting_as(user.id);
        self.call(op, crm.users().change_password(user.id, Password::new(password), new)).await
    }

    /// Looks for a user by email, and tries to get in with a wrong password.
    pub(super) async fn log_in(&mut self) -> Called<()> {
        let crm = self.crm.clone();
        let n = self.random.usize(0..self.shared.users.len());
        let email = format!("ACTOR{n}@example.com");
        let found = self.call(Op::read("read", "find_by_email"), crm.users().find_by_email(&email)).await?;
        let expected = UserId(self.shared.users[n].0);
        self.check(found.as_ref().is_some_and(|user| user.id == expected), || {
            format!("{email} belongs to {found:?}")
        });
        let op = Op { name: "authenticate", ..USERS }.may(&[ErrorCode::InvalidCredentials]);
        let entered =
            self.call(op, crm.users().authenticate("nobody@example.com", Password::new("wrong"))).await;
        self.check(entered.is_err(), || "nobody is let in".to_owned());
        Ok(())
    }

    /// Asks for what must be refused, and checks that it is, whatever else is going on.
    pub(super) async fn be_refused(&mut self) -> Called<()> {
        let store = self.store(true);
        let nobody = CustomerId(i64::MAX);
        let of_all = CustomerId(self.ledger.anchor);
        let refused = |code: &'static [ErrorCode]| Op::write("refused", "a call to refuse").may(code);
        let done = match self.random.u8(0..7) {
            0 if !self.is_admin => {
                let op = refused(&[ErrorCode::PermissionDenied]);
                self.call(op, store.customers().delete(of_all)).await
            }
            1 if !self.is_admin => {
                let new = NewUser::new("Nobody", "nobody@example.com", Password::new("long enough"));
                let op = refused(&[ErrorCode::PermissionDenied]);
                self.call(op, store.users().create(valid(new))).await.map(drop)
            }
            2 => {
                let op = refused(&[ErrorCode::NotFound]);
                self.call(op, store.leads().delete(LeadId(i64::MAX))).await
            }
            3 => {
                let new = NewInteraction::new(nobody, crm_core::InteractionType::Call);
                let op = refused(&[ErrorCode::MissingReference]);
                self.call(op, store.interactions().create(valid(new))).await.map(drop)
            }
            4 => {
                let op = refused(&[ErrorCode::Validation]);
                let too_many = List::<Lead>::new().limit(1_001);
                self.call(op, store.leads().list(&too_many)).await.map(drop)
            }
            5 => {
                let op = refused(&[ErrorCode::Validation]);
                let tags: Tags = (0..100).map(|n| format!("too many {n}")).collect();
                self.call(op, store.customers().add_tags(of_all, valid(tags))).await.map(drop)
            }
            _ => {
                let lead = LeadId(self.ledger.counter);
                let patch = crm_core::LeadPatch {
                    description: crm_core::Patch::Set("stale".to_owned()),
                    ..crm_core::LeadPatch::default()
                };
                let op = refused(&[ErrorCode::Conflict]);
                self.call(op, store.leads().update(lead, valid(patch), Some(0))).await.map(drop)
            }
        };
        self.check(done.is_err(), || "a call that must be refused is not".to_owned());
        Ok(())
    }
}
