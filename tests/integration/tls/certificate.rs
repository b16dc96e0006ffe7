//! Certificates made for a test.

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd};

/// Is who signs a server's certificate. All have the same name and differ in their keys.
pub(super) struct Authority(CertifiedIssuer<'static, KeyPair>);

/// Is what a server shows and what it proves it with, both as PEM.
pub(super) struct Identity {
    pub(super) certificate: String,
    pub(super) key: String,
}

impl Authority {
    pub(super) fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        // Another name than the servers', or OpenSSL, by which pg_dump connects, takes their certificates for self-signed ones.
        params.distinguished_name.push(DnType::CommonName, "authority");
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    /// Returns the certificate by which a client knows it.
    pub(super) fn pem(&self) -> String {
        self.0.pem()
    }

    /// Makes a certificate for the name `localhost` and no other, and no address.
    pub(super) fn localhost(&self) -> Identity {
        self.sign(&CertificateParams::new(["localhost".to_owned()]).unwrap())
    }

    /// Makes the same with an end that has passed.
    pub(super) fn expired_localhost(&self) -> Identity {
        let mut params = CertificateParams::new(["localhost".to_owned()]).unwrap();
        params.not_after = date_time_ymd(2020, 1, 1);
        self.sign(&params)
    }

    /// Makes a certificate for `localhost` that signs itself, as an authority's or as a server's.
    pub(super) fn self_signed(is_authority: bool) -> Identity {
        let mut params = CertificateParams::new(["localhost".to_owned()]).unwrap();
        params.is_ca =
            if is_authority { IsCa::Ca(BasicConstraints::Unconstrained) } else { IsCa::ExplicitNoCa };
        let key = KeyPair::generate().unwrap();
        Identity { certificate: params.self_signed(&key).unwrap().pem(), key: key.serialize_pem() }
    }

    fn sign(&self, params: &CertificateParams) -> Identity {
        let key = KeyPair::generate().unwrap();
        Identity { certificate: params.signed_by(&key, &self.0).unwrap().pem(), key: key.serialize_pem() }
    }
}
