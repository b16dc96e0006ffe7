//! Values: what a single field holds, and its rules.

mod email;
mod hashing;
mod ids;
mod letters;
pub(crate) mod money;
pub(crate) mod password;
mod patch;
pub(crate) mod phone;
pub(crate) mod range;
pub(crate) mod tags;
pub(crate) mod text;
mod words;

pub use email::Email;
pub use hashing::Hashing;
pub use ids::{CustomerId, Id, InteractionId, LeadId, TaskId, UserId};
pub use money::{MAX_MONEY, parse_money};
pub use password::{Credential, Password, PasswordHash};
pub use patch::Patch;
pub use range::{DayRange, Range};
pub use tags::{MAX_TAG, MAX_TAGS, with_tags, without_tags};
pub use text::{MAX_LINE, MAX_PROSE, stored_text};
pub use words::{MAX_WORD, MAX_WORDS, SearchText, fold, pairs, words};
