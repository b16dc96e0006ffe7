//! Passwords, and what is stored of them.

use std::fmt;
use std::str::FromStr as _;

use argon2::Params;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::{Zeroize as _, Zeroizing};

use crate::errors::Broken;
use crate::{Error, Result, Violation, ViolationCode};

/// Is a password as somebody typed it, never trimmed or normalised. It is wiped from memory when dropped and does not show
/// in `Debug`.
///
/// A new one has 8 to 128 characters of any kind (NIST SP 800-63B asks for no composition rules). By itself it is validated
/// as the `new_password` of `change_password` and `set_password`; one to log in with is not validated.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(Zeroizing<String>);

impl Password {
    /// Takes a password.
    pub fn new(plain: impl Into<String>) -> Self {
        Self(Zeroizing::new(plain.into()))
    }

    /// Makes up a password of 22 characters, which nobody can guess.
    ///
    /// # Errors
    /// `internal` when the system has no randomness.
    pub fn random() -> Result<Self> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes)
            .map_err(|error| Error::internal("the system has no randomness", Some(error.into())))?;
        let password = Self::new(URL_SAFE_NO_PAD.encode(bytes));
        bytes.zeroize();
        Ok(password)
    }

    /// Returns the plain password, for the one who has to hand it on.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Returns what is wrong with it as a new password, under the name of its field.
    #[must_use]
    pub fn violation(&self, field: &str) -> Option<Violation> {
        let (code, message) = match self.0.chars().count() {
            ..8 => (ViolationCode::TooShort, "must have at least 8 characters"),
            8..=128 => return None,
            _ => (ViolationCode::TooLong, "must have at most 128 characters"),
        };
        Some(Violation::new(field, code, message))
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

/// Is a password's hash: a PHC string of argon2 (`$argon2id$…`) or bcrypt's (`$2a$…`, `$2b$…`, `$2y$…`). It does not show in
/// `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

/// Limits the memory of a hash, in KiB, so that simultaneous logins find room.
pub(crate) const MAX_MEMORY: u32 = 1 << 18;

/// Limits the work of a hash, memory times passes, to some seconds of one core.
pub(crate) const MAX_WORK: u64 = 1 << 21;

/// Limits the cost of an imported bcrypt hash, to some seconds of one core.
const MAX_BCRYPT_COST: u32 = 16;

impl PasswordHash {
    /// Limits a hash, in characters: what the column holds.
    pub const MAX: usize = 255;

    /// Takes a hash that was made elsewhere. Its form is checked when the user is validated.
    pub fn new(hash: impl Into<String>) -> Self {
        Self(hash.into())
    }

    /// Returns the hash as it is stored.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    pub(crate) fn check(&self) -> Result<(), Broken> {
        if self.0.is_empty() {
            return Err(Broken::new(ViolationCode::Required, "must have a value"));
        }
        if self.0.len() > Self::MAX {
            return Err(Broken::new(
                ViolationCode::TooLong,
                format!("must have at most {} characters", Self::MAX),
            ));
        }
        if bcrypt_cost(&self.0).is_some() || self.argon2().is_some() {
            return Ok(());
        }
        Err(Broken::new(
            ViolationCode::InvalidHash,
            "must be an argon2 PHC string ($argon2id$…) or a bcrypt hash ($2b$…), of a cost that a login can bear",
        ))
    }

    /// Returns the parts of a PHC string that can be verified.
    pub(crate) fn argon2(&self) -> Option<(argon2::PasswordHash, Params)> {
        let hash = argon2::PasswordHash::new(&self.0).ok()?;
        argon2::Algorithm::try_from(hash.algorithm.as_str()).ok()?;
        argon2_version(&hash)?;
        let params = Params::try_from(&hash).ok()?;
        let work = u64::from(params.m_cost()) * u64::from(params.t_cost());
        let whole = hash.salt.is_some() && hash.hash.is_some();
        (whole && params.m_cost() <= MAX_MEMORY && work <= MAX_WORK).then_some((hash, params))
    }
}

/// Returns the version of argon2 that made a hash; where none is named, it is the first, as argon2's own program has it.
pub(crate) fn argon2_version(hash: &argon2::PasswordHash) -> Option<argon2::Version> {
    hash.version.map_or(Ok(argon2::Version::V0x10), argon2::Version::try_from).ok()
}

/// Returns the cost of a bcrypt hash: `$2b$`, a cost of two digits, `$`, and 53 characters of bcrypt's base64.
pub(crate) fn bcrypt_cost(text: &str) -> Option<u32> {
    let known = ["$2a$", "$2b$", "$2y$"].iter().any(|prefix| text.starts_with(prefix));
    let cost = (known && text.len() == 60).then(|| bcrypt::HashParts::from_str(text).ok())??.get_cost();
    (4..=MAX_BCRYPT_COST).contains(&cost).then_some(cost)
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

/// Is what a new user's password is given as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Credential {
    /// The password, which the store hashes.
    Password(Password),
    /// A hash of another system; only the trusted system may give one.
    Hash(PasswordHash),
}

impl From<Password> for Credential {
    fn from(password: Password) -> Self {
        Self::Password(password)
    }
}

impl From<PasswordHash> for Credential {
    fn from(hash: PasswordHash) -> Self {
        Self::Hash(hash)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::Validate as _;

    #[test]
    fn a_new_password_has_8_to_128_characters_kept_as_they_are() {
        let code = |plain: &str| {
            let error = Password::new(plain).validate().unwrap_err();
            assert_eq!(error.violations()[0].field, "new_password");
            error.violations()[0].code
        };
        assert_eq!(code("1234567"), ViolationCode::TooShort);
        assert_eq!(code(&"\u{e9}".repeat(129)), ViolationCode::TooLong);
        let kept = Password::new(" Zoe\u{308}  12 ").validate().unwrap();
        assert_eq!(kept.reveal(), " Zoe\u{308}  12 ");
        assert_eq!(Password::new("\u{e9}".repeat(128)).violation("password"), None);
    }

    #[test]
    fn only_argon2_and_bcrypt_of_bearable_cost_are_hashes() {
        let good = [format!("$2b$10${}", ".".repeat(53)), ARGON2I.to_owned()];
        for good in good {
            assert_eq!(PasswordHash::new(good).check(), Ok(()));
        }
        let bad = [
            "plain".to_owned(),
            "$2b$10$...".to_owned(),
            "$2x$10$".to_owned(),
            format!("$2b$17${}", ".".repeat(53)),
            "$argon2id$".to_owned(),
            "$1$abc$def".to_owned(),
            ARGON2I.replace("argon2i", "scrypt"),
            ARGON2I.replace("v=19", "v=119"),
            ARGON2I.replace("m=8", "m=4194304"),
            ARGON2I.replace("t=1", "t=4294967295"),
        ];
        for bad in bad {
            assert_eq!(PasswordHash::new(&bad).check().unwrap_err().0, ViolationCode::InvalidHash, "{bad}");
        }
    }

    #[test]
    fn debug_shows_no_secret() {
        let password = Password::new("correct horse");
        assert_eq!(format!("{password:?} {:?}", PasswordHash::new("$2b$")), "Password(…) PasswordHash(…)");
        let credential = Credential::from(password);
        assert_eq!(format!("{credential:?}"), "Password(Password(…))");
    }

    pub(crate) const ARGON2I: &str =
        "$argon2i$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$u5FbxbNSh1+1OeYFBPQHNc5VFKr9pMNJIzsw/4BaR8Y";
}
