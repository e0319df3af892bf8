//! Where an owner can be found: the sockets in its data folder.

use anyhow::{Context as _, bail};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use store::OpenError;
use tokio::net::{UnixListener, UnixStream};

/// Socket of the administration API.
const ADMIN: &str = "admin.sock";
/// Socket of `wrap` clients.
const WRAP: &str = "wrap.sock";
/// The system's bound on a socket's path, less its closing zero byte.
const MAX_PATH_BYTES: usize = 107;

/// The sockets of one data folder.
#[derive(Debug, Clone)]
pub struct Place {
    data: PathBuf,
}

impl Place {
    /// The sockets in `data`.
    #[must_use]
    pub fn new(data: &Path) -> Self {
        Self { data: data.to_path_buf() }
    }

    /// The administration API's socket.
    #[must_use]
    pub fn admin(&self) -> PathBuf {
        self.data.join(ADMIN)
    }

    /// The socket of `wrap` clients.
    #[must_use]
    pub fn wrap(&self) -> PathBuf {
        self.data.join(WRAP)
    }

    /// Connects to an owner; `None` when there is none.
    ///
    /// # Errors
    /// Where there may be one that cannot be reached.
    pub async fn connect(path: &Path) -> anyhow::Result<Option<UnixStream>> {
        use std::io::ErrorKind::{ConnectionRefused, NotFound};
        check(path)?;
        match UnixStream::connect(path).await {
            Ok(stream) => Ok(Some(stream)),
            Err(error) if matches!(error.kind(), ConnectionRefused | NotFound) => Ok(None),
            Err(error) => {
                Err(error).with_context(|| format!("connecting to the gateway at `{}`", path.display()))
            }
        }
    }

    /// Listens on a socket; the caller holds the folder's lock, so what is left there is stale.
    ///
    /// # Errors
    /// Where the socket cannot be made.
    pub fn listen(path: &Path) -> anyhow::Result<UnixListener> {
        check(path)?;
        if path.exists() {
            std::fs::remove_file(path)
                .with_context(|| format!("removing the stale socket `{}`", path.display()))?;
        }
        UnixListener::bind(path).with_context(|| format!("listening on `{}`", path.display()))
    }
}

/// What to do about a data folder that cannot be opened, where the error itself does not say.
#[must_use]
pub fn advise(error: OpenError) -> anyhow::Error {
    if matches!(error, OpenError::Io { .. }) {
        return anyhow::anyhow!(
            "{error}; is it a folder that this user may write? `data` in toolgate.toml names it"
        );
    }
    error.into()
}

fn check(path: &Path) -> anyhow::Result<()> {
    let n_bytes = path.as_os_str().as_bytes().len();
    if n_bytes > MAX_PATH_BYTES {
        bail!(
            "the data folder's path is too long for a socket (`{}` has {n_bytes} bytes, at most {MAX_PATH_BYTES} \
             work); set `data` to a shorter one",
            path.display()
        );
    }
    Ok(())
}
