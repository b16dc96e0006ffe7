//! Passwords and their hashes.

use std::fmt;

use argon2::password_hash::PasswordHasher;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::validation::Broken;
use crate::{Error, Result, ViolationCode};

/// OWASP's current parameters: 19 MiB, 2 passes, 1 lane.
const PARAMS: argon2::Params = match argon2::Params::new(19_456, 2, 1, None) {
    Ok(params) => params,
    Err(_) => panic!("the parameters are within argon2's bounds"),
};

/// Is a new password: 8 to 128 characters of any kind (NIST SP 800-63B asks for no composition rules), never trimmed or
/// normalised. It is wiped from memory when dropped and does not show in `Debug`.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Password(String);

impl Password {
    /// Takes a new password.
    ///
    /// # Errors
    /// `validation` when it is shorter than 8 or longer than 128 characters.
    pub fn new(plain: impl Into<String>) -> Result<Self> {
        let password = Self(plain.into());
        let length = password.0.chars().count();
        let broken = match length {
            ..8 => Broken::new(ViolationCode::TooShort, "must have at least 8 characters"),
            8..=128 => return Ok(password),
            _ => Broken::new(ViolationCode::TooLong, "must have at most 128 characters"),
        };
        Err(broken.on("password"))
    }

    /// Makes up a password of 22 characters, which nobody can guess.
    ///
    /// # Errors
    /// `internal` when the system has no randomness.
    pub fn random() -> Result<Self> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes)
            .map_err(|error| Error::internal("the system has no randomness", Some(error.into())))?;
        let password = Self(URL_SAFE_NO_PAD.encode(bytes));
        bytes.zeroize();
        Ok(password)
    }

    /// Returns the plain password, for the one who has to hand it on.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Hashes the password with argon2id and OWASP's current parameters (19 MiB, 2 passes, 1 lane; Password Storage
    /// Cheat Sheet). It takes some 20 ms of one core: keep it off the threads that serve an async runtime.
    ///
    /// # Errors
    /// `internal` when the system has no randomness.
    pub fn hash(&self) -> Result<PasswordHash> {
        argon2::Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, PARAMS)
            .hash_password(self.0.as_bytes())
            .map(|hash| PasswordHash(hash.to_string()))
            .map_err(|error| Error::internal("the password cannot be hashed", Some(error.into())))
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

/// Is a password's hash: a PHC string (`$argon2id$…`) or bcrypt's (`$2a$…`, `$2b$…`, `$2y$…`). It does not show in `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

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
        if is_bcrypt(&self.0) || argon2::PasswordHash::new(&self.0).is_ok_and(|hash| hash.hash.is_some()) {
            return Ok(());
        }
        Err(Broken::new(
            ViolationCode::InvalidHash,
            "must be a PHC string ($argon2id$…) or a bcrypt hash ($2b$…)",
        ))
    }
}

/// Tells whether the text is `$2b$`, a cost of two digits, `$`, and 53 characters of bcrypt's base64.
fn is_bcrypt(text: &str) -> bool {
    let Some(rest) = ["$2a$", "$2b$", "$2y$"].iter().find_map(|prefix| text.strip_prefix(prefix)) else {
        return false;
    };
    let Some((cost, digest)) = rest.split_once('$') else { return false };
    cost.len() == 2
        && cost.parse::<u8>().is_ok_and(|cost| (4..=31).contains(&cost))
        && digest.len() == 53
        && digest.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.' || b == b'/')
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_8_to_128_characters_kept_as_they_are() {
        assert_eq!(Password::new("1234567").unwrap_err().violations()[0].code, ViolationCode::TooShort);
        assert_eq!(
            Password::new("\u{e9}".repeat(129)).unwrap_err().violations()[0].code,
            ViolationCode::TooLong
        );
        assert_eq!(Password::new(" Zoe\u{308}  12 ").unwrap().reveal(), " Zoe\u{308}  12 ");
    }

    #[test]
    fn a_hash_is_argon2id_salted_and_accepted() {
        let password = Password::new("correct horse").unwrap();
        let (one, two) = (password.hash().unwrap(), password.hash().unwrap());
        assert!(one.reveal().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert_ne!(one, two);
        assert_eq!(one.check(), Ok(()));
    }

    #[test]
    fn only_phc_strings_and_bcrypt_are_hashes() {
        let bcrypt = format!("$2b$10${}", "a".repeat(53));
        assert_eq!(PasswordHash::new(bcrypt).check(), Ok(()));
        for bad in ["plain", "$2b$10$...", "$2x$10$", "$argon2id$", "$1$abc$def"] {
            assert_eq!(PasswordHash::new(bad).check().unwrap_err().0, ViolationCode::InvalidHash, "{bad}");
        }
    }

    #[test]
    fn debug_shows_no_secret() {
        let password = Password::new("correct horse").unwrap();
        assert_eq!(format!("{password:?} {:?}", PasswordHash::new("$2b$")), "Password(…) PasswordHash(…)");
    }
}
