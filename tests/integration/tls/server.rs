//! A PostgreSQL with TLS: on the embedded one's Unix socket there is none.

use crm_tests::Cluster;
use tokio::sync::OnceCell;

use super::certificate::Identity;

/// Is the superuser's password, which no error may show.
pub(super) const PASSWORD: &str = "Hush-4711";

/// Is a server of a test's own.
pub(super) struct Server(Cluster);

impl Server {
    /// Starts a server that shows this certificate, or one without TLS.
    pub(super) async fn start(identity: Option<Identity>) -> Self {
        static TEMPLATE: OnceCell<Cluster> = OnceCell::const_new();
        let mut cluster = TEMPLATE.get_or_init(|| Cluster::make(Some(PASSWORD))).await.copy().await;
        if let Some(Identity { certificate, key }) = identity {
            let _ = cluster.file("data/server.crt", &certificate);
            let _ = cluster.file("data/server.key", &key);
            cluster.configure(&["ssl = on"]);
        }
        cluster.launch().await;
        Self(cluster)
    }

    /// Returns the URL by which the superuser reaches the server under the name `host`.
    pub(super) fn url(&self, host: &str, parameters: &str) -> String {
        format!("postgres://postgres:{PASSWORD}@{host}:{}/postgres?{parameters}", self.0.port())
    }

    /// Writes a file into the server's directory and returns its path.
    pub(super) fn file(&self, name: &str, content: &str) -> String {
        self.0.file(name, content).to_str().unwrap().to_owned()
    }
}
