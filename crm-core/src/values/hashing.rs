//! How passwords are hashed and compared with what is stored of them.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use argon2::password_hash::{self, phc};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use zeroize::Zeroize;

use crate::errors::Broken;
use crate::values::password::{MAX_MEMORY, MAX_WORK, argon2_version, bcrypt_cost};
use crate::{Cause, Error, Password, PasswordHash, Result, ViolationCode};

/// Says how passwords are hashed: with argon2id and these parameters. The default is OWASP's first choice with 19 MiB, 2
/// passes and 1 lane (Password Storage Cheat Sheet).
///
/// Hashing takes some 20 ms of one core: keep it off the threads that serve an async runtime.
///
/// The memory for a hash is kept for the next one, as often as hashes were made at the same time; a clone shares it.
#[derive(Clone)]
pub struct Hashing {
    params: Params,
    memory: Arc<Mutex<Vec<Vec<Block>>>>,
}

const OWASP: Params = match Params::new(19_456, 2, 1, None) {
    Ok(params) => params,
    Err(_) => panic!("the parameters are within argon2's bounds"),
};

impl Default for Hashing {
    fn default() -> Self {
        Self::with(OWASP)
    }
}

impl fmt::Debug for Hashing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hashing({})", self.params)
    }
}

impl Hashing {
    fn with(params: Params) -> Self {
        Self { params, memory: Arc::default() }
    }

    /// Takes other parameters: memory in KiB, passes over it, and lanes.
    ///
    /// # Errors
    /// `validation` when argon2 does not allow them (at least 8 KiB a lane, 1 pass, 1 lane), or a login could not bear them
    /// (256 MiB; 2 GiB over all passes).
    pub fn new(memory_kib: u32, passes: u32, lanes: u32) -> Result<Self> {
        let bearable = memory_kib <= MAX_MEMORY && u64::from(memory_kib) * u64::from(passes) <= MAX_WORK;
        match Params::new(memory_kib, passes, lanes, None) {
            Ok(params) if bearable => Ok(Self::with(params)),
            _ => Err(Broken::new(
                ViolationCode::InvalidOption,
                "must have at least 8 KiB a lane, 1 pass and 1 lane, at most 256 MiB, and 2 GiB over all passes",
            )
            .on("password_hashing")),
        }
    }

    /// Hashes a password, with a salt of its own.
    ///
    /// # Errors
    /// `internal` when the system has no randomness.
    pub fn hash(&self, password: &Password) -> Result<PasswordHash> {
        let mut salt = [0; 16];
        getrandom::fill(&mut salt).map_err(|error| failed(error.into()))?;
        let params = self.params.clone();
        self.phc(password, Algorithm::Argon2id, Version::V0x13, params, &salt)
            .map(|hash| PasswordHash::new(hash.to_string()))
            .map_err(|error| failed(error.into()))
    }

    fn phc(
        &self,
        password: &Password,
        algorithm: Algorithm,
        version: Version,
        params: Params,
        salt: &[u8],
    ) -> password_hash::Result<phc::PasswordHash> {
        let mut buffer = [0; phc::Output::MAX_LENGTH];
        let output = &mut buffer[..params.output_len().unwrap_or(Params::DEFAULT_OUTPUT_LEN)];
        let argon2 = Argon2::new(algorithm, version, params);
        let plain = password.reveal().as_bytes();
        self.with_memory(argon2.params().block_count(), |memory| {
            argon2.hash_password_into_with_memory(plain, salt, output, memory)
        })?;
        Ok(phc::PasswordHash {
            algorithm: algorithm.ident(),
            version: Some(version.into()),
            params: argon2.params().try_into()?,
            salt: Some(phc::Salt::new(salt)?),
            hash: Some(phc::Output::new(output)?),
        })
    }

    /// Lends memory for a hash. glibc would keep what was freed for each thread that ever made one.
    fn with_memory<T>(&self, blocks: usize, work: impl FnOnce(&mut [Block]) -> T) -> T {
        let usual = blocks == self.params.block_count();
        let kept = || self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        let mut memory = if usual { kept().pop() } else { None }.unwrap_or_default();
        memory.resize(blocks, Block::default());
        let result = work(&mut memory);
        memory.iter_mut().for_each(Block::zeroize);
        if usual {
            kept().push(memory);
        }
        result
    }

    /// Checks a password against the stored hash, and returns the hash to store instead where that one is bcrypt's or has
    /// other parameters. Without a hash it takes as long as with one of these parameters.
    ///
    /// # Errors
    /// `invalid_credentials`, whatever was wrong; `internal` when the system has no randomness.
    pub fn check(&self, password: &Password, stored: Option<&PasswordHash>) -> Result<Option<PasswordHash>> {
        self.verify(password, stored)?;
        match stored {
            Some(stored) if !self.keeps(stored, password) => self.hash(password).map(Some),
            _ => Ok(None),
        }
    }

    /// Checks a password against the stored hash. Without a hash it takes as long as with one of these parameters.
    ///
    /// # Errors
    /// `invalid_credentials`, whatever was wrong; `internal` when the system has no randomness.
    pub fn verify(&self, password: &Password, stored: Option<&PasswordHash>) -> Result<()> {
        match stored.and_then(|stored| self.is_of(stored, password)) {
            Some(true) => Ok(()),
            Some(false) => Err(Error::InvalidCredentials),
            None => self.hash(password).and(Err(Error::InvalidCredentials)),
        }
    }

    /// Tells whether a hash is of this password; nothing where it is no hash that can be verified.
    pub(crate) fn is_of(&self, stored: &PasswordHash, password: &Password) -> Option<bool> {
        if bcrypt_cost(stored.reveal()).is_some() {
            // Only the first 72 bytes count, as in every bcrypt.
            return bcrypt::verify(password.reveal(), stored.reveal()).ok();
        }
        let (stored, params) = stored.argon2()?;
        let algorithm = Algorithm::try_from(stored.algorithm.as_str()).ok()?;
        let version = argon2_version(&stored)?;
        let made = self.phc(password, algorithm, version, params, stored.salt.as_ref()?).ok()?;
        // The outputs compare in constant time.
        Some(made.hash == stored.hash)
    }

    /// Tells whether a hash is as it should be, or cannot be replaced: of a password that bcrypt does not see whole, what
    /// was typed this time may be another one.
    fn keeps(&self, stored: &PasswordHash, password: &Password) -> bool {
        match stored.argon2() {
            Some((hash, params)) => {
                let cost = |params: &Params| (params.m_cost(), params.t_cost(), params.p_cost());
                hash.algorithm == argon2::ARGON2ID_IDENT && cost(&params) == cost(&self.params)
            }
            None => password.reveal().len() > 72 || password.reveal().contains('\0'),
        }
    }
}

fn failed(cause: Cause) -> Error {
    Error::internal("the password cannot be hashed", Some(cause))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::values::password::tests::ARGON2I;

    /// Hashes at once.
    fn quick() -> Hashing {
        Hashing::new(8, 1, 1).unwrap()
    }

    #[test]
    fn a_hash_is_argon2id_salted_and_accepted() {
        let password = Password::new("correct horse");
        let (one, two) =
            (Hashing::default().hash(&password).unwrap(), Hashing::default().hash(&password).unwrap());
        assert!(one.reveal().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert_ne!(one, two);
        assert_eq!(one.check(), Ok(()));
    }

    #[test]
    fn only_the_right_password_passes_and_a_current_hash_stays() {
        let hashing = quick();
        let stored = hashing.hash(&Password::new("correct horse")).unwrap();
        assert_eq!(hashing.check(&Password::new("correct horse"), Some(&stored)).unwrap(), None);
        for wrong in ["correct horsf", "Correct horse", "correct horse ", ""] {
            let refused = hashing.check(&Password::new(wrong), Some(&stored));
            assert!(matches!(refused, Err(Error::InvalidCredentials)), "{wrong:?}");
        }
    }

    #[test]
    fn no_hash_and_one_that_is_none_are_wrong_like_a_wrong_password() {
        let unusable = ["", "plain", "$2b$10$short", "$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ"];
        let stored = unusable.map(|hash| Some(PasswordHash::new(hash)));
        for stored in stored.iter().chain([&None]) {
            let refused = quick().check(&Password::new("plain"), stored.as_ref());
            assert!(matches!(refused, Err(Error::InvalidCredentials)), "{stored:?}");
        }
    }

    #[test]
    fn the_hash_of_another_system_verifies_and_is_replaced() {
        // Made by bcryptjs, which Sequelize systems use, and by the reference program of argon2.
        let of_others = [
            BCRYPT.to_owned(),
            BCRYPT.replacen("$2b$", "$2a$", 1),
            BCRYPT.replacen("$2b$", "$2y$", 1),
            ARGON2I.to_owned(),
        ];
        for stored in of_others.map(PasswordHash::new) {
            assert_eq!(stored.check(), Ok(()));
            let wrong = quick().check(&Password::new("correct horsf"), Some(&stored));
            assert!(matches!(wrong, Err(Error::InvalidCredentials)));
            let new = quick().check(&Password::new("correct horse"), Some(&stored)).unwrap().unwrap();
            assert!(new.reveal().starts_with("$argon2id$v=19$m=8,t=1,p=1$"));
            assert_eq!(quick().check(&Password::new("correct horse"), Some(&new)).unwrap(), None);
        }
    }

    #[test]
    fn a_hash_without_a_version_is_of_the_first() {
        // One of the vectors of the reference program's own tests.
        let stored = PasswordHash::new(
            "$argon2i$m=65536,t=2,p=1$c29tZXNhbHQ$9sTbSlTio3Biev89thdrlKKiCaYsjjYVJxGAL3swxpQ",
        );
        assert_eq!(stored.check(), Ok(()));
        quick().verify(&Password::new("password"), Some(&stored)).unwrap();
    }

    #[test]
    fn a_hash_that_no_login_could_bear_costs_none_of_it() {
        let absurd = [
            ARGON2I.replace("m=8", "m=4194304"),
            ARGON2I.replace("t=1", "t=4294967295"),
            ARGON2I.replace("m=8,t=1,p=1", "m=4294967295,t=4294967295,p=16777215"),
            BCRYPT.replace("$04$", "$31$"),
            BCRYPT.replace("$04$", "$17$"),
        ];
        // Any of them would take minutes, or more memory than there is.
        for stored in absurd.map(PasswordHash::new) {
            assert_eq!(quick().is_of(&stored, &Password::new("correct horse")), None);
            let refused = quick().check(&Password::new("correct horse"), Some(&stored));
            assert!(matches!(refused, Err(Error::InvalidCredentials)));
        }
    }

    #[test]
    fn bcrypt_stays_where_it_does_not_see_the_whole_password() {
        let typed = "a".repeat(72);
        let stored =
            PasswordHash::new(bcrypt::hash_with_salt(&typed, 4, *b"saltsaltsaltsalt").unwrap().to_string());
        assert!(quick().check(&Password::new(&*typed), Some(&stored)).unwrap().is_some());
        for unseen in [format!("{typed}b"), format!("{typed}\0")] {
            assert_eq!(quick().check(&Password::new(unseen), Some(&stored)).unwrap(), None);
        }
    }

    #[test]
    fn a_hash_of_other_parameters_is_replaced() {
        let stored = quick().hash(&Password::new("correct horse")).unwrap();
        for other in [Hashing::new(16, 1, 1), Hashing::new(8, 2, 1), Hashing::new(16, 1, 2)] {
            let other = other.unwrap();
            let new = other.check(&Password::new("correct horse"), Some(&stored)).unwrap().unwrap();
            let password = Password::new("correct horse");
            assert!(other.keeps(&new, &password) && !quick().keeps(&new, &password));
        }
    }

    #[test]
    fn parameters_that_argon2_or_a_login_cannot_bear_are_refused() {
        for (memory, passes, lanes) in
            [(7, 1, 1), (8, 0, 1), (8, 1, 0), (15, 1, 2), (MAX_MEMORY + 1, 1, 1), (MAX_MEMORY, 9, 1)]
        {
            let error = Hashing::new(memory, passes, lanes).unwrap_err();
            assert_eq!(error.violations()[0].code, ViolationCode::InvalidOption);
        }
    }

    const BCRYPT: &str = "$2b$04$G46UZnhR7M7KIiI60A/1C.OrgJfSovw48A1l/Y8K4LruKEcRx6l7C";
}
