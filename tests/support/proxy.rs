//! A proxy before a server, that cuts a connection at a given byte or lets what is sent vanish.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sqlx::postgres::PgConnectOptions;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Says which way bytes go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// What the library sends.
    ToServer,
    /// What the server answers.
    ToClient,
}

impl Way {
    /// Lists both.
    pub const ALL: [Self; 2] = [Self::ToServer, Self::ToClient];
}

/// Says how a connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Both sides see that it is closed.
    Close,
    /// Both sides see that it is reset.
    Reset,
    /// Neither side sees anything: packets are dropped from then on.
    Silence,
}

/// Is where the next connection that gets there ends.
#[derive(Clone, Copy, Debug)]
pub struct Cut {
    /// Counts the bytes of this way.
    pub way: Way,
    /// Lets so many bytes through, counted from when the cut was set.
    pub after: usize,
    /// What happens then.
    pub end: End,
}

#[derive(Debug, Default)]
struct State {
    cut: Option<Cut>,
    /// How many bytes have passed each way since the cut was set.
    passed: [usize; 2],
    /// What has passed each way since the record was begun, if one was.
    record: Option<[Vec<u8>; 2]>,
}

/// Is a proxy on a free port of 127.0.0.1. It goes with this value, and the connections through it with it.
#[derive(Debug)]
pub struct Proxy {
    port: u16,
    database: String,
    state: Arc<Mutex<State>>,
    /// Whether nothing passes any more.
    silent: watch::Sender<bool>,
    /// Counts how often all connections were closed.
    closings: watch::Sender<usize>,
    accepting: JoinHandle<()>,
}

impl Proxy {
    /// Starts one before the server that a URL leads to.
    ///
    /// # Panics
    /// When there is no free port.
    pub async fn before(url: &str) -> Self {
        let server: PgConnectOptions = url.parse().expect("the URL is a test's");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("there is a free port");
        let port = listener.local_addr().expect("it listens").port();
        let database = server.get_database().expect("the URL names one").to_owned();
        let state = Arc::new(Mutex::new(State::default()));
        let (silent, closings) = (watch::Sender::new(false), watch::Sender::new(0));
        let link = Link { state: state.clone(), silent: silent.subscribe(), closings: closings.subscribe() };
        let accepting = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(link.clone().run(client, server.clone()));
            }
        });
        Self { port, database, state, silent, closings, accepting }
    }

    /// Returns the database's URL by way of the proxy.
    #[must_use]
    pub fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{}", self.port, self.database)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sets where the next connection ends, and begins to count.
    pub fn cut(&self, cut: Cut) {
        *self.state() = State { cut: Some(cut), ..State::default() };
    }

    /// Tells whether a connection has come to the cut.
    #[must_use]
    pub fn has_cut(&self) -> bool {
        self.state().cut.is_none()
    }

    /// Begins to record what passes, and forgets a cut.
    pub fn record(&self) {
        *self.state() = State { record: Some(Default::default()), ..State::default() };
    }

    /// Forgets a cut that nobody has come to.
    pub fn heal(&self) {
        self.state().cut = None;
    }

    /// Returns what has passed that way since the record was begun.
    #[must_use]
    pub fn recorded(&self, way: Way) -> Vec<u8> {
        self.state().record.as_ref().map(|record| record[way as usize].clone()).unwrap_or_default()
    }

    /// Closes all connections.
    pub fn close_all(&self) {
        self.closings.send_modify(|closings| *closings += 1);
    }

    /// Returns what lets nothing pass any more when it is sent `true`, for a callback that outlives a borrow.
    #[must_use]
    pub fn silencer(&self) -> watch::Sender<bool> {
        self.silent.clone()
    }

    /// Lets nothing pass any more, on new connections neither, or lets it pass again.
    pub fn silence(&self, silent: bool) {
        self.silent.send_replace(silent);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// Is what a connection knows of the proxy.
#[derive(Clone)]
struct Link {
    state: Arc<Mutex<State>>,
    silent: watch::Receiver<bool>,
    closings: watch::Receiver<usize>,
}

impl Link {
    async fn run(self, client: TcpStream, server: PgConnectOptions) {
        // A proxy that waited for acknowledgements would make every call slow.
        drop(client.set_nodelay(true));
        match server.get_socket() {
            Some(directory) => {
                let socket = directory.join(format!(".s.PGSQL.{}", server.get_port()));
                if let Ok(server) = UnixStream::connect(socket).await {
                    self.connect(client, server).await;
                }
            }
            None => {
                if let Ok(server) = TcpStream::connect((server.get_host(), server.get_port())).await {
                    drop(server.set_nodelay(true));
                    self.connect(client, server).await;
                }
            }
        }
    }

    async fn connect(mut self, mut client: TcpStream, server: impl AsyncRead + AsyncWrite) {
        let mut closings = self.closings.clone();
        closings.mark_unchanged();
        let (mut from_server, mut to_server) = tokio::io::split(server);
        let (mut from_client, mut to_client) = client.split();
        let (mut sending, answering) = (self.clone(), &mut self);
        let end = tokio::select! {
            end = sending.pump(Way::ToServer, &mut from_client, &mut to_server) => end,
            end = answering.pump(Way::ToClient, &mut from_server, &mut to_client) => end,
            // All are closed, or the proxy itself is gone.
            _ = closings.changed() => None,
        };
        match end {
            Some(End::Silence) => drop(closings.changed().await),
            Some(End::Reset) => drop(client.set_zero_linger()),
            Some(End::Close) | None => {}
        }
    }

    /// Hands bytes on until either side is gone or the cut is there.
    async fn pump(
        &mut self,
        way: Way,
        from: &mut (impl AsyncRead + Unpin),
        to: &mut (impl AsyncWrite + Unpin),
    ) -> Option<End> {
        let mut buffer = vec![0; 64 * 1024];
        loop {
            let read = from.read(&mut buffer).await.ok().filter(|read| *read > 0)?;
            self.silent.wait_for(|silent| !silent).await.ok()?;
            let (passing, end) = self.passing(way, &buffer[..read]);
            to.write_all(&buffer[..passing]).await.ok()?;
            if end.is_some() {
                return end;
            }
        }
    }

    /// Tells how many of the bytes pass, and what happens behind them.
    fn passing(&self, way: Way, bytes: &[u8]) -> (usize, Option<End>) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let passed = state.passed[way as usize];
        let cut = state.cut.filter(|cut| cut.way == way && cut.after <= passed + bytes.len());
        let passing = cut.map_or(bytes.len(), |cut| cut.after - passed);
        state.passed[way as usize] += passing;
        if let Some(record) = &mut state.record {
            record[way as usize].extend_from_slice(&bytes[..passing]);
        }
        if cut.is_some() {
            state.cut = None;
        }
        (passing, cut.map(|cut| cut.end))
    }
}
